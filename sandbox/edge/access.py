"""The login before a hostname: Access applications enforced where visitors come in, and the team's own site.

Policies are judged at every request. Who somebody is they say themselves, on the login page of the team's site: here is no
identity provider. Rules that ask for what a sandbox cannot know (groups, devices) match nobody.
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
from sandbox.edge.access_jwt import Tickets, issuer
from sandbox.edge.error_pages import Page
from sandbox.edge.http1 import Conversation
from sandbox.edge.visitor_request import Visit

_SITE = re.compile(r"([a-z0-9-]+)\.cloudflareaccess\.com")
_COOKIE = "CF_Authorization"
_CREDENTIALS = (b"cf-access-client-id", b"cf-access-client-secret")
_UNNAMED = "sandbox"
"""The team where no rule of the tunnel's names one."""
Body = dict[str, Any]


class Access:
    """Stops who may not pass, by what the API holds at that moment; who may gets a ticket for the connector."""

    def __init__(self, store: Store, tickets: Tickets) -> None:
        self._store = store
        self._tickets = tickets

    async def serves(self, visit: Visit, conversation: Conversation) -> bool:
        """Answers what is asked of a team's site: its keys, and its login page."""
        site = _SITE.fullmatch(visit.host)
        if site is None:
            return False
        page = visit.path.removeprefix("/cdn-cgi/access/")
        if page == "certs":
            await conversation.answer(200, [(b"content-type", b"application/json")], self._tickets.keys)
        elif page.startswith("login/"):
            await self._login(site[1], page.removeprefix("login/"), visit, conversation)
        else:
            await error_pages.show(
                Page(404, 404, "Not found", "the team's site has keys and a login page"), visit, conversation
            )
        return True

    async def stops(self, account: str, tunnel: Row, visit: Visit, conversation: Conversation) -> bool:
        """Whether the visit ends here, answered; otherwise what the origin is to see has been added to it."""
        application = self._application(account, visit)
        if application is None:
            return False
        team, fields = self._team(tunnel, application), parse_qs(visit.query)
        if visit.path == "/cdn-cgi/access/authorized":
            ticket, back = (fields.get(name, [""])[0] for name in ("ticket", "redirect_url"))
            cookie = f"{_COOKIE}={ticket if re.fullmatch('[A-Za-z0-9._-]+', ticket) else ''}; Path=/; Secure; HttpOnly"
            local = back if back.startswith("/") and not back.startswith("//") else "/"
            answer = _elsewhere(local, "logged in", (b"set-cookie", cookie.encode()))
        else:
            answer = self._judge(account, team, application, visit)
        if answer:
            await error_pages.show(answer, visit, conversation)
        return answer is not None

    def _judge(self, account: str, team: str, application: Body, visit: Visit) -> Page | None:
        who, wrong = self._service_token(account, visit)
        visit.headers = [each for each in visit.headers if each[0] not in _CREDENTIALS]
        if wrong:
            return Page(403, 403, "Forbidden", wrong)
        ticket = _cookie(visit)
        who |= self._tickets.read(ticket, team, application["aud"]) or {}
        policies = sorted(application["policies"], key=lambda policy: policy.get("precedence") or 0)
        # Bypass and Service Auth come first, whatever their place.
        for policy in sorted(policies, key=lambda policy: policy["decision"] not in ("bypass", "non_identity")):
            decision = policy["decision"]
            if decision in ("allow", "deny") and "email" not in who:
                continue
            if not _matches(policy, who, visit):
                continue
            if decision == "deny":
                break
            if decision == "non_identity":
                seconds = _seconds(policy.get("session_duration") or application["session_duration"])
                ticket = self._tickets.sign(team, application["aud"], seconds, common_name=who["client_id"], sub="")
            if decision != "bypass":
                visit.added.append((b"cf-access-jwt-assertion", ticket.encode()))
            if decision == "allow":
                visit.added.append((b"cf-access-authenticated-user-email", who["email"].encode()))
            return None
        if "email" in who:
            return Page(
                403, 403, "Forbidden", f"the account {who['email']} does not have access to {application['name']}"
            )
        if not any(policy["decision"] == "allow" for policy in policies):
            return Page(403, 403, "Forbidden", f"{application['name']} is for programs with a service token")
        asked = {"kid": application["aud"], "redirect_url": visit.target.decode("latin-1")}
        address = f"{issuer(team)}/cdn-cgi/access/login/{visit.host}?{urlencode(asked)}"
        return _elsewhere(address, f"{application['name']} asks who you are")

    async def _login(self, team: str, host: str, visit: Visit, conversation: Conversation) -> None:
        fields = {name: values[0] for name, values in parse_qs(visit.query).items()}
        application = next((each for each in self._applications() if each["aud"] == fields.get("kid")), None)
        email = fields.get("email", "").strip().lower()
        if application is None or not any(_named(domain, host) for domain in domains(application)):
            await error_pages.show(
                Page(400, 400, "Bad request", f"no application stands before {host}"), visit, conversation
            )
        elif email:
            seconds = _seconds(_session(application))
            ticket = self._tickets.sign(
                team,
                application["aud"],
                seconds,
                email=email,
                idp=fields.get("idp", ""),
                sub=sha256(email.encode()).hexdigest(),
            )
            back = {"ticket": ticket, "redirect_url": fields.get("redirect_url", "/")}
            await error_pages.show(
                _elsewhere(f"https://{host}/cdn-cgi/access/authorized?{urlencode(back)}", f"hello {email}"),
                visit,
                conversation,
            )
        else:
            form = _FORM.format(
                title=html.escape(f"{application['name']}"),
                hidden="".join(
                    f'<input type="hidden" name="{name}" value="{html.escape(fields.get(name, ""))}">'
                    for name in ("kid", "redirect_url")
                ),
            )
            headers = [
                (b"content-type", b"text/html; charset=utf-8"),
                (b"cache-control", b"no-store"),
                *error_pages.marks(visit),
            ]
            await conversation.answer(200, headers, form.encode())

    def _application(self, account: str, visit: Visit) -> Body | None:
        """The application with the most specific domain that covers the visit."""
        found = [
            ("*" not in domain.partition("/")[0], len(domain), application)
            for application in self._applications(account)
            for domain in domains(application)
            if _stands_before(domain, visit.host, visit.path)
        ]
        return max(found, key=lambda each: each[:2])[2] if found else None

    def _applications(self, account: str | None = None) -> list[Body]:
        rows = self._store.all("SELECT scope, body FROM objects WHERE kind = 'apps'")
        return [with_policies(self._store, json.loads(row["body"])) for row in rows if account in (None, row["scope"])]

    def _team(self, tunnel: Row, application: Body) -> str:
        """The team that the tunnel's rules have the connector trust for this application."""
        current = configurations.current(self._store, tunnel["id"])
        for rule in current["config"].get("ingress", []) if current else []:
            access = (rule.get("originRequest") or {}).get("access") or {}
            if application["aud"] in (access.get("audTag") or []) and access.get("teamName"):
                return access["teamName"]
        return _UNNAMED

    def _service_token(self, account: str, visit: Visit) -> tuple[Body, str]:
        """Whose service token the visitor shows, and what is wrong with it."""
        client, secret = (visit.header(name) for name in _CREDENTIALS)
        if not client:
            return {}, ""
        rows = self._store.all("SELECT body FROM objects WHERE kind = 'service_tokens' AND scope = ?", account)
        for token in (json.loads(row["body"]) for row in rows):
            right = hmac.compare_digest(token.get(SECRET_HASH, ""), sha256(secret.encode()).hexdigest())
            if token["client_id"] == client and right and token.get("enabled") is not False:
                if token["expires_at"] < datetime.now(UTC).isoformat():
                    return {}, "the service token has run out"
                return {"client_id": client, "token": token["id"]}, ""
        return {}, "there is no such service token, or its secret is another"


def _named(domain: str, host: str) -> bool:
    """Whether a hostname is that of an application's `host[/path]`; each * stands for a label, or a part of one."""
    return re.fullmatch(re.escape(domain.partition("/")[0]).replace(r"\*", "[^.]*"), host) is not None


def _stands_before(domain: str, host: str, path: str) -> bool:
    stem = re.escape(f"/{domain.partition('/')[2]}".rstrip("/")).replace(r"\*", ".*")
    return _named(domain, host) and re.fullmatch(f"{stem}(/.*)?", path.rstrip("/"), re.DOTALL) is not None


def _matches(policy: Body, who: Body, visit: Visit) -> bool:
    def holds(rule: Body) -> bool:
        ((selector, value),) = rule.items()
        return _SELECTORS.get(selector, lambda *_: False)(value, who, visit)

    return (
        any(map(holds, policy["include"]))
        and all(map(holds, policy["require"]))
        and not any(map(holds, policy["exclude"]))
    )


_SELECTORS: dict[str, Any] = {
    "everyone": lambda _value, _who, _visit: True,
    "email": lambda value, who, _visit: value["email"].lower() == who.get("email"),
    "email_domain": lambda value, who, _visit: who.get("email", "").endswith(f"@{value['domain'].lower()}"),
    "login_method": lambda value, who, _visit: value["id"] == who.get("idp"),
    "geo": lambda value, _who, visit: value["country_code"] == visit.country,
    "ip": lambda value, _who, visit: ip_address(visit.address) in ip_network(value["ip"], strict=False),
    "service_token": lambda value, who, _visit: value["token_id"] == who.get("token"),
    "any_valid_service_token": lambda _value, who, _visit: "token" in who,
}


def _session(application: Body) -> str:
    """How long a login lasts: what the first policy that lets people in says, else the application."""
    said = [policy.get("session_duration") for policy in application["policies"] if policy["decision"] == "allow"]
    return next(filter(None, said), application["session_duration"])


def _seconds(duration: str) -> int:
    units = {"h": 3600, "m": 60, "s": 1}
    return sum(int(count) * units.get(unit, 0) for count, unit in re.findall(r"(\d+)(ns|us|µs|ms|s|m|h)", duration))


def _cookie(visit: Visit) -> str:
    try:
        found = SimpleCookie(visit.header(b"cookie")).get(_COOKIE)
    except CookieError:
        return ""
    return found.value if found else ""


def _elsewhere(address: str, why: str, *headers: tuple[bytes, bytes]) -> Page:
    location = quote(address, safe="/:?&=%#@!$'()*+,;~-._[]").encode()
    return Page(302, 302, "Found", why, headers=((b"location", location), *headers))


_FORM = """<!doctype html>
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
<label>Id of an identity provider, if that matters <input name="idp"></label>
<button>Log in</button>
</form>
<p><small>culvert sandbox in the place of Cloudflare Access: whoever you say you are is believed.</small></p>
</html>
"""
