"""Cloudflare Access at the edge: which requests pass, and the headers that the origin gets."""

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import jwt
import pytest

from tests.support.edge_connector import READY_PATH
from tests.support.emulator import ACCOUNT
from tests.support.local_edge import ExposedHostname, LocalEdge, async_test

ACCESS = f"/accounts/{ACCOUNT}/access"
TEAM = "acme.cloudflareaccess.com"
ANN = "ann@example.com"
BYPASS = {"decision": "bypass", "include": [{"everyone": {}}]}


class ProtectedHostname:
    """A hostname with an Access application, and an ingress rule that requires its JWTs."""

    def __init__(self, edge: LocalEdge, name: str, *policies: dict[str, Any], path: str = "") -> None:
        self.edge = edge
        self.exposed: ExposedHostname = edge.expose(name)
        self.host = self.exposed.host
        self.application = self.add_application(path, *policies)
        # The test itself requests this path, to know that requests reach the connector.
        self.add_application(READY_PATH, BYPASS)
        access = {"required": True, "teamName": "acme", "audTag": [self.application["aud"]]}
        edge.configure(self.exposed, "http://blog", originRequest={"access": access})

    def add_application(self, path: str, *policies: dict[str, Any]) -> dict[str, Any]:
        """An application with these policies, in this order."""
        created = [self.edge.api.done("POST", f"{ACCESS}/policies", {"name": self.host, **each}) for each in policies]
        references = [{"id": each["id"], "precedence": number} for number, each in enumerate(created, start=1)]
        body = {"type": "self_hosted", "name": "Blog", "domain": f"{self.host}{path}", "session_duration": "1h"}
        return self.edge.api.done("POST", f"{ACCESS}/apps", {**body, "policies": references})

    async def log_in(self, email: str, **more: str) -> str:
        """The cookie that a login on the team's login page results in."""
        login = urlsplit((await self.edge.get(self.host, "/a?b=c")).headers["location"])
        assert (login.scheme, login.hostname) == ("https", TEAM)
        page = f"{login.path}?{login.query}"
        assert 'name="email"' in (await self.edge.get(TEAM, page)).text
        query = str(httpx.QueryParams(email=email, **more))
        back = urlsplit((await self.edge.get(TEAM, f"{page}&{query}")).headers["location"])
        assert (back.scheme, back.hostname) == ("https", self.host)
        authorized = await self.edge.get(self.host, f"{back.path}?{back.query}")
        assert (authorized.status_code, authorized.headers["location"]) == (302, "/a?b=c")
        return authorized.headers["set-cookie"].partition(";")[0]


def allow(*include: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"decision": "allow", "include": list(include), **more}


async def verify(edge: LocalEdge, token: str | None, application: dict[str, Any]) -> dict[str, Any]:
    """The claims of a JWT, verified with the team's keys, as connectors do."""
    assert token
    keys = jwt.PyJWKSet.from_json((await edge.get(TEAM, "/cdn-cgi/access/certs")).text)
    key = keys[jwt.get_unverified_header(token)["kid"]]
    return jwt.decode(token, key.key, ["RS256"], audience=application["aud"], issuer=f"https://{TEAM}")


@async_test
async def test_a_browser_on_this_machine_logs_in_under_localhost(edge: LocalEdge) -> None:
    protected = ProtectedHostname(edge, "login-here", allow({"email": {"email": ANN}}))
    host = f"{protected.host}.localhost:{edge.frontend}"
    login = urlsplit((await edge.get(host, "/a")).headers["location"])
    assert (login.scheme, login.netloc) == ("http", f"{TEAM}.localhost:{edge.frontend}")
    query = f"{login.query}&{httpx.QueryParams(email=ANN)}"
    back = (await edge.get(login.netloc, f"{login.path}?{query}")).headers["location"]
    assert back.startswith(f"http://{host}/cdn-cgi/access/authorized?")


@async_test
async def test_an_allowed_visitor_passes_with_a_jwt_that_the_teams_keys_verify(edge: LocalEdge) -> None:
    protected = ProtectedHostname(
        edge, "login", allow({"email": {"email": ANN}}, {"email_domain": {"domain": "example.org"}})
    )
    async with edge.connected(protected.exposed) as (connector,):
        for email in (ANN, "bob@example.org"):
            cookie = await protected.log_in(email)
            assert (await edge.get(protected.host, cookie=cookie)).text == "hello"
            request = connector.requests[-1]
            assert request.header("cf-access-authenticated-user-email") == email
            claims = await verify(edge, request.header("cf-access-jwt-assertion"), protected.application)
            assert claims["email"] == email
            assert claims["exp"] - claims["iat"] == 24 * 3600
        cookie = await protected.log_in("eve@example.net")
        refused = await edge.get(protected.host, cookie=cookie)
        assert (refused.status_code, "eve@example.net" in refused.text) == (403, True)


@async_test
async def test_a_request_without_a_login_for_this_application_is_redirected(edge: LocalEdge) -> None:
    protected = ProtectedHostname(edge, "shut", allow({"email": {"email": ANN}}))
    other = ProtectedHostname(edge, "other", allow({"email": {"email": ANN}}))
    async with edge.connected(protected.exposed) as (connector,):
        before = len(connector.requests)
        cookie = await other.log_in(ANN)
        for sent in ({}, {"cookie": cookie}, {"cookie": "CF_Authorization=x.y.z"}, {"cf-access-jwt-assertion": "x"}):
            answer = await edge.get(protected.host, "/admin", **sent)
            assert answer.status_code == 302
            query = parse_qs(urlsplit(answer.headers["location"]).query)
            assert query == {"kid": [protected.application["aud"]], "redirect_url": ["/admin"]}
        assert len(connector.requests) == before


@async_test
async def test_a_service_token_passes_and_one_with_a_wrong_secret_does_not(edge: LocalEdge) -> None:
    token, idle = (edge.api.done("POST", f"{ACCESS}/service_tokens", {"name": name}) for name in ("ci", "idle"))
    policy = {"decision": "non_identity", "include": [{"service_token": {"token_id": token["id"]}}]}
    protected = ProtectedHostname(edge, "program", allow({"email": {"email": ANN}}), policy)

    def headers(token: dict[str, Any], **changes: str) -> dict[str, str]:
        credentials = {**token, **changes}
        names = ("client_id", "client_secret")
        return {f"cf-access-{name.replace('_', '-')}": credentials[name] for name in names}

    async with edge.connected(protected.exposed) as (connector,):
        assert (await edge.get(protected.host, **headers(token))).text == "hello"
        request = connector.requests[-1]
        claims = await verify(edge, request.header("cf-access-jwt-assertion"), protected.application)
        assert claims["common_name"] == token["client_id"]
        assert request.header("cf-access-client-secret") is None
        assert (await edge.get(protected.host, **headers(token, client_secret="0" * 64))).status_code == 403
        assert (await edge.get(protected.host, **headers(idle))).status_code == 302
        path = f"{ACCESS}/service_tokens/{token['id']}"
        rotated = edge.api.done("PUT", path, {"name": "ci", "client_secret_version": 2})
        assert (await edge.get(protected.host, **headers(token))).status_code == 403
        assert (await edge.get(protected.host, **headers(rotated))).text == "hello"


@async_test
async def test_an_application_for_service_tokens_only_has_no_login(edge: LocalEdge) -> None:
    policy = {"decision": "non_identity", "include": [{"any_valid_service_token": {}}]}
    protected = ProtectedHostname(edge, "programs", policy)
    assert (await edge.get(protected.host)).status_code == 403


@async_test
async def test_the_country_is_checked_on_every_request(edge: LocalEdge) -> None:
    allowed = [{"geo": {"country_code": code}} for code in ("DE", "FR")]
    deny = {"decision": "deny", "include": [{"everyone": {}}], "exclude": allowed}
    protected = ProtectedHostname(edge, "country", deny, allow({"email": {"email": ANN}}))
    cookie = await protected.log_in(ANN)
    async with edge.connected(protected.exposed):
        for country, status in (("DE", 200), ("FR", 200), ("US", 403), ("", 403)):
            answer = await edge.get(protected.host, cookie=cookie, **{"cf-ipcountry": country})
            assert answer.status_code == status, country


@pytest.mark.parametrize(("provider", "status"), [("okta", 200), ("pin", 403)])
@async_test
async def test_a_login_counts_only_with_the_required_identity_provider(
    edge: LocalEdge, provider: str, status: int
) -> None:
    protected = ProtectedHostname(edge, f"by-{provider}", allow({"login_method": {"id": "okta"}}))
    cookie = await protected.log_in(ANN, idp=provider)
    async with edge.connected(protected.exposed):
        assert (await edge.get(protected.host, cookie=cookie)).status_code == status


@async_test
async def test_only_the_most_specific_application_applies(edge: LocalEdge) -> None:
    protected = ProtectedHostname(edge, "paths", allow({"email": {"email": ANN}}))
    protected.add_application("/hook", BYPASS)
    async with edge.connected(protected.exposed) as (connector,):
        for path, status in {"/": 302, "/hook": 200, "/hook/x": 200, "/hooks": 302, "/x/hook": 302}.items():
            assert (await edge.get(protected.host, path)).status_code == status, path
        assert connector.requests[-1].header("cf-access-jwt-assertion") is None


@async_test
async def test_the_login_page_redirects_only_to_hosts_of_the_application(edge: LocalEdge) -> None:
    protected = ProtectedHostname(edge, "site", allow({"email": {"email": ANN}}))
    kid = protected.application["aud"]
    assert (await edge.get(TEAM, f"/cdn-cgi/access/login/evil.example.net?kid={kid}&email={ANN}")).status_code == 400
    assert (await edge.get(TEAM, "/")).status_code == 404
    keys = json.loads((await edge.get(TEAM, "/cdn-cgi/access/certs")).text)["keys"]
    assert {name for key in keys for name in key} == {"kid", "kty", "alg", "use", "e", "n", "key_ops"}
