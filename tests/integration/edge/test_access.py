"""The login before a hostname: who passes, with what for the connector, and who does not."""

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import jwt
import pytest

from tests.support.edge_connector import OPENED
from tests.support.emulator import ACCOUNT
from tests.support.local_edge import Exposed, LocalEdge, asynchronous

ACCESS = f"/accounts/{ACCOUNT}/access"
TEAM = "acme.cloudflareaccess.com"
ANN = "ann@example.com"
BYPASS = {"decision": "bypass", "include": [{"everyone": {}}]}


class Guarded:
    """A hostname with an application before it, and a rule that asks for its tickets."""

    def __init__(self, edge: LocalEdge, name: str, *policies: dict[str, Any], path: str = "") -> None:
        self.edge = edge
        self.exposed: Exposed = edge.expose(name)
        self.host = self.exposed.host
        self.application = self.guard(path, *policies)
        # What the test itself asks for, to know that requests come through.
        self.guard(OPENED, BYPASS)
        access = {"required": True, "teamName": "acme", "audTag": [self.application["aud"]]}
        edge.configure(self.exposed, "http://blog", originRequest={"access": access})

    def guard(self, path: str, *policies: dict[str, Any]) -> dict[str, Any]:
        """An application with these policies, in this order."""
        made = [self.edge.api.done("POST", f"{ACCESS}/policies", {"name": self.host, **each}) for each in policies]
        applied = [{"id": each["id"], "precedence": place} for place, each in enumerate(made, start=1)]
        body = {"type": "self_hosted", "name": "Blog", "domain": f"{self.host}{path}", "session_duration": "1h"}
        return self.edge.api.done("POST", f"{ACCESS}/apps", {**body, "policies": applied})

    async def log_in(self, email: str, **more: str) -> str:
        """The cookie that the way over the team's login page ends with."""
        asked = urlsplit((await self.edge.get(self.host, "/a?b=c")).headers["location"])
        assert (asked.scheme, asked.hostname) == ("https", TEAM)
        page = f"{asked.path}?{asked.query}"
        assert 'name="email"' in (await self.edge.get(TEAM, page)).text
        query = str(httpx.QueryParams(email=email, **more))
        back = urlsplit((await self.edge.get(TEAM, f"{page}&{query}")).headers["location"])
        assert (back.scheme, back.hostname) == ("https", self.host)
        arrived = await self.edge.get(self.host, f"{back.path}?{back.query}")
        assert (arrived.status_code, arrived.headers["location"]) == (302, "/a?b=c")
        return arrived.headers["set-cookie"].partition(";")[0]


def allow(*include: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"decision": "allow", "include": list(include), **more}


async def told(edge: LocalEdge, ticket: str | None, application: dict[str, Any]) -> dict[str, Any]:
    """What a ticket says to somebody who fetches the team's keys, as connectors do."""
    assert ticket
    keys = jwt.PyJWKSet.from_json((await edge.get(TEAM, "/cdn-cgi/access/certs")).text)
    key = keys[jwt.get_unverified_header(ticket)["kid"]]
    return jwt.decode(ticket, key.key, ["RS256"], audience=application["aud"], issuer=f"https://{TEAM}")


@asynchronous
async def test_whoever_is_meant_passes_with_a_ticket_that_the_teams_keys_prove(edge: LocalEdge) -> None:
    guarded = Guarded(edge, "login", allow({"email": {"email": ANN}}, {"email_domain": {"domain": "example.org"}}))
    async with edge.connected(guarded.exposed) as (connector,):
        for email in (ANN, "bob@example.org"):
            cookie = await guarded.log_in(email)
            assert (await edge.get(guarded.host, cookie=cookie)).text == "hello"
            seen = connector.requests[-1]
            assert seen.header("cf-access-authenticated-user-email") == email
            claims = await told(edge, seen.header("cf-access-jwt-assertion"), guarded.application)
            assert claims["email"] == email
            assert claims["exp"] - claims["iat"] == 24 * 3600
        cookie = await guarded.log_in("eve@example.net")
        refused = await edge.get(guarded.host, cookie=cookie)
        assert (refused.status_code, "eve@example.net" in refused.text) == (403, True)


@asynchronous
async def test_nobody_passes_without_a_login_or_with_another_applications(edge: LocalEdge) -> None:
    guarded = Guarded(edge, "shut", allow({"email": {"email": ANN}}))
    other = Guarded(edge, "other", allow({"email": {"email": ANN}}))
    async with edge.connected(guarded.exposed) as (connector,):
        before = len(connector.requests)
        cookie = await other.log_in(ANN)
        for more in ({}, {"cookie": cookie}, {"cookie": "CF_Authorization=x.y.z"}, {"cf-access-jwt-assertion": "x"}):
            answer = await edge.get(guarded.host, "/admin", **more)
            assert answer.status_code == 302
            asked = parse_qs(urlsplit(answer.headers["location"]).query)
            assert asked == {"kid": [guarded.application["aud"]], "redirect_url": ["/admin"]}
        assert len(connector.requests) == before


@asynchronous
async def test_a_program_passes_with_a_service_token_and_not_with_another_secret(edge: LocalEdge) -> None:
    token, idle = (edge.api.done("POST", f"{ACCESS}/service_tokens", {"name": name}) for name in ("ci", "idle"))
    programs = {"decision": "non_identity", "include": [{"service_token": {"token_id": token["id"]}}]}
    guarded = Guarded(edge, "program", allow({"email": {"email": ANN}}), programs)

    def headers(made: dict[str, Any], **more: str) -> dict[str, str]:
        shown = {**made, **more}
        return {"cf-access-client-id": shown["client_id"], "cf-access-client-secret": shown["client_secret"]}

    async with edge.connected(guarded.exposed) as (connector,):
        assert (await edge.get(guarded.host, **headers(token))).text == "hello"
        seen = connector.requests[-1]
        claims = await told(edge, seen.header("cf-access-jwt-assertion"), guarded.application)
        assert claims["common_name"] == token["client_id"]
        assert seen.header("cf-access-client-secret") is None
        assert (await edge.get(guarded.host, **headers(token, client_secret="0" * 64))).status_code == 403
        assert (await edge.get(guarded.host, **headers(idle))).status_code == 302
        path = f"{ACCESS}/service_tokens/{token['id']}"
        fresh = edge.api.done("PUT", path, {"name": "ci", "client_secret_version": 2})
        assert (await edge.get(guarded.host, **headers(token))).status_code == 403
        assert (await edge.get(guarded.host, **headers(fresh))).text == "hello"


@asynchronous
async def test_where_only_programs_pass_nobody_is_asked_to_log_in(edge: LocalEdge) -> None:
    programs = {"decision": "non_identity", "include": [{"any_valid_service_token": {}}]}
    guarded = Guarded(edge, "programs", programs)
    assert (await edge.get(guarded.host)).status_code == 403


@asynchronous
async def test_who_is_elsewhere_is_shut_out_at_any_request(edge: LocalEdge) -> None:
    here = [{"geo": {"country_code": code}} for code in ("DE", "FR")]
    elsewhere = {"decision": "deny", "include": [{"everyone": {}}], "exclude": here}
    guarded = Guarded(edge, "country", elsewhere, allow({"email": {"email": ANN}}))
    cookie = await guarded.log_in(ANN)
    async with edge.connected(guarded.exposed):
        for country, status in (("DE", 200), ("FR", 200), ("US", 403), ("", 403)):
            answer = await edge.get(guarded.host, cookie=cookie, **{"cf-ipcountry": country})
            assert answer.status_code == status, country


@pytest.mark.parametrize(("provider", "status"), [("okta", 200), ("pin", 403)])
@asynchronous
async def test_a_login_counts_with_the_provider_that_is_meant(edge: LocalEdge, provider: str, status: int) -> None:
    guarded = Guarded(edge, f"by-{provider}", allow({"login_method": {"id": "okta"}}))
    cookie = await guarded.log_in(ANN, idp=provider)
    async with edge.connected(guarded.exposed):
        assert (await edge.get(guarded.host, cookie=cookie)).status_code == status


@asynchronous
async def test_the_most_specific_application_counts_alone(edge: LocalEdge) -> None:
    guarded = Guarded(edge, "paths", allow({"email": {"email": ANN}}))
    guarded.guard("/hook", BYPASS)
    async with edge.connected(guarded.exposed) as (connector,):
        for path, status in {"/": 302, "/hook": 200, "/hook/x": 200, "/hooks": 302, "/x/hook": 302}.items():
            assert (await edge.get(guarded.host, path)).status_code == status, path
        assert connector.requests[-1].header("cf-access-jwt-assertion") is None


@asynchronous
async def test_the_teams_site_sends_nobody_to_a_host_that_it_does_not_guard(edge: LocalEdge) -> None:
    guarded = Guarded(edge, "site", allow({"email": {"email": ANN}}))
    kid = guarded.application["aud"]
    assert (await edge.get(TEAM, f"/cdn-cgi/access/login/evil.example.net?kid={kid}&email={ANN}")).status_code == 400
    assert (await edge.get(TEAM, "/")).status_code == 404
    keys = json.loads((await edge.get(TEAM, "/cdn-cgi/access/certs")).text)["keys"]
    assert {name for key in keys for name in key} == {"kid", "kty", "alg", "use", "e", "n", "key_ops"}
