"""Cloudflare Access for hostnames: the order of the API calls, the changes, and a visitor's login."""

from typing import Any

import httpx
import pytest

from tests.e2e.conftest import ACCOUNT, Sandbox, settings

ANN = "ann@example.com"
RESOURCES = ("dns_records", "configurations", "apps", "policies", "service_tokens")


def protected_settings(stack: str, *hosts: str, **access: Any) -> dict[str, Any]:
    """Hostnames behind Access, with a team whose JWTs the connector requires."""
    options = {"allow": {"emails": [ANN]}, **access}
    routes = [{"hostname": f"{host}.example.com", "service": "http://blog", "access": options} for host in hosts]
    return settings(stack, routes=routes, accessTeam="acme")


def writes(sandbox: Sandbox) -> list[str]:
    """The writes since the last call: method and kind of resource."""
    calls = [call for call in sandbox.calls() if call["method"] != "GET"]
    assert all(call["status"] < 300 for call in calls), calls
    return [f"{call['method']} {next(name for name in RESOURCES if name in call['path'])}" for call in calls]


def test_a_hostname_behind_access_is_never_open(sandbox: Sandbox) -> None:
    sandbox.up("gate", settings("gate"))
    sandbox.calls()

    protected = sandbox.up("gate", protected_settings("gate", "gate", "gate2", serviceTokens=["ci"]))
    order = writes(sandbox)
    assert sorted(order) == [
        *["POST apps"] * 2,
        "POST dns_records",
        *["POST policies"] * 4,
        "POST service_tokens",
        "PUT configurations",
    ]
    assert order[-3:] == ["POST apps", "PUT configurations", "POST dns_records"]
    # The pods, the Secret and the record of the open hostname stay.
    changed_types = {change["type"].rsplit(":", 1)[-1] for change in protected["changes"] if change["op"] != "create"}
    assert changed_types == {"NetworkPolicy", "ZeroTrustTunnelCloudflaredConfig"}
    assert protected["outputs"]["serviceTokens"] == "[secret]"

    sandbox.up("gate", settings("gate"))
    order = writes(sandbox)
    # The connector stops requiring JWTs before Access stops issuing them.
    assert order[:2] == ["PUT configurations", "DELETE dns_records"]
    assert max(index for index, call in enumerate(order) if call == "DELETE apps") == 3
    assert sorted(order[4:]) == [*["DELETE policies"] * 4, "DELETE service_tokens"]
    sandbox.destroy("gate")


@pytest.mark.cloudflared
def test_a_visitor_who_logs_in_passes_the_connectors_jwt_check(sandbox: Sandbox) -> None:
    sandbox.up("visit", {**protected_settings("visit", "visit"), "sampleSite": {"name": "blog"}})
    status, env = sandbox.run("status"), sandbox.run("env")
    headers = {"host": "visit.example.com"}
    with httpx.Client(base_url=status["frontend"], trust_env=False, timeout=60, headers=headers) as visitor:
        first = visitor.get("/")
        assert first.status_code == 302
        login = httpx.URL(first.headers["location"])
        assert login.host == "acme.cloudflareaccess.com"
        page = login.copy_add_param("email", ANN).raw_path.decode()
        back = httpx.URL(visitor.get(page, headers={"host": login.host}).headers["location"])
        cookie = visitor.get(back.raw_path.decode()).headers["set-cookie"].partition(";")[0]
        assert visitor.get("/", headers={"cookie": cookie}).status_code == 200

        # The application is deleted by hand: Access no longer asks for a login, the connector still requires the JWT.
        application = next(item for item in sandbox.state()["objects"] if item.get("domain") == headers["host"])
        token = {"authorization": f"Bearer {env['CLOUDFLARE_API_TOKEN']}"}
        path = f"{env['CLOUDFLARE_BASE_URL']}/accounts/{ACCOUNT}/access/apps/{application['id']}"
        httpx.delete(path, headers=token, trust_env=False).raise_for_status()
        assert visitor.get("/").status_code == 403
    # The provider cannot delete an application that no longer exists.
    sandbox.run("refresh", "--stack", "visit", "--config", str(sandbox.home.parent / "Pulumi.visit.yaml"))
    sandbox.destroy("visit")
