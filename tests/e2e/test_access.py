"""Access before a hostname: in which order it comes and goes, what it touches, and a visitor who logs in."""

from typing import Any

import httpx
import pytest

from tests.e2e.conftest import ACCOUNT, Sandbox, settings

ANN = "ann@example.com"
WORDS = ("dns_records", "configurations", "apps", "policies", "service_tokens")


def guarded(stack: str, *hosts: str, **access: Any) -> dict[str, Any]:
    """Hostnames behind Access, with a team whose tickets the connector checks."""
    doors = {"allow": {"emails": [ANN]}, **access}
    routes = [{"hostname": f"{host}.example.com", "service": "http://blog", "access": doors} for host in hosts]
    return settings(stack, routes=routes, accessTeam="acme")


def writes(sandbox: Sandbox) -> list[str]:
    """What was written since this was last asked: the method, and what kind of thing."""
    calls = [call for call in sandbox.calls() if call["method"] != "GET"]
    assert all(call["status"] < 300 for call in calls), calls
    return [f"{call['method']} {next(word for word in WORDS if word in call['path'])}" for call in calls]


def test_a_guarded_hostname_is_never_open_for_a_moment(sandbox: Sandbox) -> None:
    sandbox.up("gate", settings("gate"))
    sandbox.calls()

    shut = sandbox.up("gate", guarded("gate", "gate", "gate2", serviceTokens=["ci"]))
    order = writes(sandbox)
    assert sorted(order) == [
        *["POST apps"] * 2,
        "POST dns_records",
        *["POST policies"] * 4,
        "POST service_tokens",
        "PUT configurations",
    ]
    assert order[-3:] == ["POST apps", "PUT configurations", "POST dns_records"]
    # What there was of the open hostname stays: its pods, its Secret, its record.
    touched = {change["type"].rsplit(":", 1)[-1] for change in shut["changes"] if change["op"] != "create"}
    assert touched == {"NetworkPolicy", "ZeroTrustTunnelCloudflaredConfig"}
    assert shut["outputs"]["serviceTokens"] == "[secret]"

    sandbox.up("gate", settings("gate"))
    order = writes(sandbox)
    # The connector stops asking for tickets before nobody hands them out any more.
    assert order[:2] == ["PUT configurations", "DELETE dns_records"]
    assert max(place for place, call in enumerate(order) if call == "DELETE apps") == 3
    assert sorted(order[4:]) == [*["DELETE policies"] * 4, "DELETE service_tokens"]
    sandbox.destroy("gate")


@pytest.mark.cloudflared
def test_a_visitor_who_logs_in_passes_the_connectors_own_check(sandbox: Sandbox) -> None:
    sandbox.up("visit", {**guarded("visit", "visit"), "sampleSite": {"name": "blog"}})
    status, env = sandbox.run("status"), sandbox.run("env")
    headers = {"host": "visit.example.com"}
    with httpx.Client(base_url=status["frontend"], trust_env=False, timeout=60, headers=headers) as visitor:
        asked = visitor.get("/")
        assert asked.status_code == 302
        login = httpx.URL(asked.headers["location"])
        assert login.host == "acme.cloudflareaccess.com"
        page = login.copy_add_param("email", ANN).raw_path.decode()
        back = httpx.URL(visitor.get(page, headers={"host": login.host}).headers["location"])
        ticket = visitor.get(back.raw_path.decode()).headers["set-cookie"].partition(";")[0]
        assert visitor.get("/", headers={"cookie": ticket}).status_code == 200

        # The application taken away by hand: nobody asks at the door any more, and the connector still does.
        application = next(made for made in sandbox.state()["objects"] if made.get("domain") == headers["host"])
        token = {"authorization": f"Bearer {env['CLOUDFLARE_API_TOKEN']}"}
        path = f"{env['CLOUDFLARE_BASE_URL']}/accounts/{ACCOUNT}/access/apps/{application['id']}"
        httpx.delete(path, headers=token, trust_env=False).raise_for_status()
        assert visitor.get("/").status_code == 403
    # The provider cannot delete what is gone already.
    sandbox.run("refresh", "--stack", "visit", "--config", str(sandbox.home.parent / "Pulumi.visit.yaml"))
    sandbox.destroy("visit")
