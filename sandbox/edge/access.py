"""Cloudflare Access at the edge: enforces applications and their policies, and serves the team's login page.

Policies are evaluated on every request. There is no identity provider: visitors enter any e-mail address on the login
page. Rules on what a sandbox cannot know (groups, devices) match no visitor.
"""

import hmac
import html
import json
import re
from datetime import UTC, datetime
from hashlib import sha256
from http.cookies import CookieError, SimpleCookie
from ipaddress import ip_address, ip_network
from typing import Any
from urllib.parse import parse_qs, quote, urlencode

from sandbox.cloudflare.resources import configurations
from sandbox.cloudflare.resources.access_applications import domains, with_policies
from sandbox.cloudflare.resources.access_service_tokens import SECRET_HASH
from sandbox.cloudflare.store import Row, Store
from sandbox.edge import error_pages
from sandbox.edge.access_jwt import AccessJwtIssuer, team_site
from sandbox.edge.error_pages import ErrorPage
from sandbox.edge.http1 import HttpConnection
from sandbox.edge.visitor_request import VisitorRequest

_TEAM_DOMAIN = re.compile(r"([a-z0-9-]+)\.cloudflareaccess\.com")
_COOKIE = "CF_Authorization"
_CREDENTIALS = (b"cf-access-client-id", b"cf-access-client-secret")
_DEFAULT_TEAM = "sandbox"
"""The team of applications that no ingress rule of the tunnel assigns to a team."""
Body = dict[str, Any]


class Access:
    """Enforces the API's current applications; an authenticated request gets a JWT, which connectors may require."""

    def __init__(self, store: Store, issuer: AccessJwtIssuer) -> None:
        self._store = store
        self._issuer = issuer

    async def serve_team_site(self, request: VisitorRequest, connection: HttpConnection) -> bool:
        """Answers requests for a team's own site (its keys and its login page); False for any other hostname."""
        site = _TEAM_DOMAIN.fullmatch(request.host)
        if site is None:
            return False
        page = request.path.removeprefix("/cdn-cgi/access/")
        if page == "certs":
            await connection.respond(200, [(b"content-type", b"application/json")], self._issuer.jwks)
        elif page.startswith("login/"):
            await self._login(site[1], page.removeprefix("login/"), request, connection)
        else:
            not_found = ErrorPage(404, 404, "Not found", "the team's site has only its keys and its login page")
            await error_pages.send(not_found, request, connection)
        return True

    async def enforce(self, account: str, tunnel: Row, request: VisitorRequest, connection: HttpConnection) -> bool:
        """Whether the request was answered here; where it was not, it has got the headers for the origin."""
        application = self._application(account, request)
        if application is None:
            return False
        team, query = self._team(tunnel, application), parse_qs(request.query)
        if request.path == "/cdn-cgi/access/authorized":
            token, target = (query.get(name, [""])[0] for name in ("token", "redirect_url"))
            value = token if re.fullmatch("[A-Za-z0-9._-]+", token) else ""
            cookie = f"{_COOKIE}={value}; Path=/; Secure; HttpOnly"
            local = target if target.startswith("/") and not target.startswith("//") else "/"
            page = _redirect(local, "logged in", (b"set-cookie", cookie.encode()))
        else:
            page = self._evaluate(account, team, application, request)
        if page:
            await error_pages.send(page, request, connection)
        return page is not None

    def _evaluate(self, account: str, team: str, application: Body, request: VisitorRequest) -> ErrorPage | None:
        identity, error = self._service_token(account, request)
        request.headers = [header for header in request.headers if header[0] not in _CREDENTIALS]
        if error:
            return ErrorPage(403, 403, "Forbidden", error)
        token = _cookie(request)
        identity |= self._issuer.verify(token, team, application["aud"]) or {}
        policies = sorted(application["policies"], key=lambda policy: policy.get("precedence") or 0)
        # Bypass and Service Auth policies are evaluated first, whatever their precedence.
        for policy in sorted(policies, key=lambda policy: policy["decision"] not in ("bypass", "non_identity")):
            decision = policy["decision"]
            if decision in ("allow", "deny") and "email" not in identity:
                continue
            if not _matches(policy, identity, request):
                continue
            if decision == "deny":
                break
            if decision == "non_identity":
                seconds = _seconds(policy.get("session_duration") or application["session_duration"])
                client_id = identity["client_id"]
                token = self._issuer.sign(team, application["aud"], seconds, common_name=client_id, sub="")
            if decision != "bypass":
                request.origin_headers.append((b"cf-access-jwt-assertion", token.encode()))
            if decision == "allow":
                request.origin_headers.append((b"cf-access-authenticated-user-email", identity["email"].encode()))
            return None
        name = application["name"]
        if "email" in identity:
            return ErrorPage(403, 403, "Forbidden", f"the account {identity['email']} does not have access to {name}")
        if not any(policy["decision"] == "allow" for policy in policies):
            return ErrorPage(403, 403, "Forbidden", f"{name} accepts only service tokens")
        query = urlencode({"kid": application["aud"], "redirect_url": request.target.decode("latin-1")})
        return _redirect(
            f"{request.url(team_site(team))}/cdn-cgi/access/login/{request.host}?{query}", f"{name} requires a login"
        )

    async def _login(self, team: str, host: str, request: VisitorRequest, connection: HttpConnection) -> None:
        query = {name: values[0] for name, values in parse_qs(request.query).items()}
        matching = (application for application in self._applications() if application["aud"] == query.get("kid"))
        application = next(matching, None)
        email = query.get("email", "").strip().lower()
        if application is None or not any(_covers_host(domain, host) for domain in domains(application)):
            bad_request = ErrorPage(400, 400, "Bad request", f"no Access application covers {host}")
            await error_pages.send(bad_request, request, connection)
        elif email:
            subject = sha256(email.encode()).hexdigest()
            claims = {"email": email, "idp": query.get("idp", ""), "sub": subject}
            token = self._issuer.sign(team, application["aud"], _seconds(_session_duration(application)), **claims)
            back = urlencode({"token": token, "redirect_url": query.get("redirect_url", "/")})
            page = _redirect(f"{request.url(host)}/cdn-cgi/access/authorized?{back}", f"logged in as {email}")
            await error_pages.send(page, request, connection)
        else:
            hidden = (
                f'<input type="hidden" name="{name}" value="{html.escape(query.get(name, ""))}">'
                for name in ("kid", "redirect_url")
            )
            form = _LOGIN_PAGE.format(title=html.escape(application["name"]), hidden="".join(hidden))
            headers = [
                (b"content-type", b"text/html; charset=utf-8"),
                (b"cache-control", b"no-store"),
                *error_pages.edge_headers(request),
            ]
            await connection.respond(200, headers, form.encode())

    def _application(self, account: str, request: VisitorRequest) -> Body | None:
        """The application with the most specific domain that covers the request."""
        candidates = [
            ("*" not in domain.partition("/")[0], len(domain), application)
            for application in self._applications(account)
            for domain in domains(application)
            if _covers(domain, request.host, request.path)
        ]
        return max(candidates, key=lambda candidate: candidate[:2])[2] if candidates else None

    def _applications(self, account: str | None = None) -> list[Body]:
        rows = self._store.all("SELECT scope, body FROM objects WHERE kind = 'apps'")
        return [with_policies(self._store, json.loads(row["body"])) for row in rows if account in (None, row["scope"])]

    def _team(self, tunnel: Row, application: Body) -> str:
        """The team of this application in the tunnel's ingress rules, whose keys the connector trusts."""
        current = configurations.current(self._store, tunnel["id"])
        for rule in current["config"].get("ingress", []) if current else []:
            access = (rule.get("originRequest") or {}).get("access") or {}
            if application["aud"] in (access.get("audTag") or []) and access.get("teamName"):
                return access["teamName"]
        return _DEFAULT_TEAM

    def _service_token(self, account: str, request: VisitorRequest) -> tuple[Body, str]:
        """The identity of the request's service token, and why it is rejected; both empty where there is no token."""
        client_id, secret = (request.header(name) for name in _CREDENTIALS)
        if not client_id:
            return {}, ""
        rows = self._store.all("SELECT body FROM objects WHERE kind = 'service_tokens' AND scope = ?", account)
        for token in (json.loads(row["body"]) for row in rows):
            valid = hmac.compare_digest(token.get(SECRET_HASH, ""), sha256(secret.encode()).hexdigest())
            if token["client_id"] == client_id and valid and token.get("enabled") is not False:
                if token["expires_at"] < datetime.now(UTC).isoformat():
                    return {}, "the service token has expired"
                return {"client_id": client_id, "token": token["id"]}, ""
        return {}, "the service token does not exist, or its secret is wrong"


def _covers_host(domain: str, host: str) -> bool:
    """Whether an application's domain, `host[/path]`, covers a hostname; each * matches a label, or a part of one."""
    return re.fullmatch(re.escape(domain.partition("/")[0]).replace(r"\*", "[^.]*"), host) is not None


def _covers(domain: str, host: str, path: str) -> bool:
    prefix = re.escape(f"/{domain.partition('/')[2]}".rstrip("/")).replace(r"\*", ".*")
    return _covers_host(domain, host) and re.fullmatch(f"{prefix}(/.*)?", path.rstrip("/"), re.DOTALL) is not None


def _matches(policy: Body, identity: Body, request: VisitorRequest) -> bool:
    def rule_matches(rule: Body) -> bool:
        ((selector, value),) = rule.items()
        return _SELECTORS.get(selector, lambda *_: False)(value, identity, request)

    return (
        any(map(rule_matches, policy["include"]))
        and all(map(rule_matches, policy["require"]))
        and not any(map(rule_matches, policy["exclude"]))
    )


_SELECTORS: dict[str, Any] = {
    "everyone": lambda _value, _identity, _request: True,
    "email": lambda value, identity, _request: value["email"].lower() == identity.get("email"),
    "email_domain": lambda value, identity, _request: identity.get("email", "").endswith(f"@{value['domain'].lower()}"),
    "login_method": lambda value, identity, _request: value["id"] == identity.get("idp"),
    "geo": lambda value, _identity, request: value["country_code"] == request.country,
    "ip": lambda value, _identity, request: ip_address(request.address) in ip_network(value["ip"], strict=False),
    "service_token": lambda value, identity, _request: value["token_id"] == identity.get("token"),
    "any_valid_service_token": lambda _value, identity, _request: "token" in identity,
}


def _session_duration(application: Body) -> str:
    """How long a login lasts: the session duration of the first Allow policy that has one, else the application's."""
    allowing = (policy for policy in application["policies"] if policy["decision"] == "allow")
    return next(filter(None, (policy.get("session_duration") for policy in allowing)), application["session_duration"])


def _seconds(duration: str) -> int:
    units = {"h": 3600, "m": 60, "s": 1}
    return sum(int(count) * units.get(unit, 0) for count, unit in re.findall(r"(\d+)(ns|us|µs|ms|s|m|h)", duration))


def _cookie(request: VisitorRequest) -> str:
    try:
        cookie = SimpleCookie(request.header(b"cookie")).get(_COOKIE)
    except CookieError:
        return ""
    return cookie.value if cookie else ""


def _redirect(url: str, reason: str, *headers: tuple[bytes, bytes]) -> ErrorPage:
    location = quote(url, safe="/:?&=%#@!$'()*+,;~-._[]").encode()
    return ErrorPage(302, 302, "Found", reason, headers=((b"location", location), *headers))


_LOGIN_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Log in to {title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ margin: 12vh auto; max-width: 26rem; padding: 0 1.5rem; font: 16px/1.5 system-ui, sans-serif; }}
input, button {{ font: inherit; width: 100%; box-sizing: border-box; padding: .5rem; margin: .3rem 0; }}
</style>
<h1>{title}</h1>
<form>{hidden}
<label>E-mail <input name="email" type="email" required autofocus></label>
<label>Id of the identity provider (optional) <input name="idp"></label>
<button>Log in</button>
</form>
<p><small>culvert sandbox in place of Cloudflare Access: it accepts any e-mail address.</small></p>
</html>
"""
