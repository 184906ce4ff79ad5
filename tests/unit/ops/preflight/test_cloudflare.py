"""Preflight at Cloudflare's API: the token, the account, the zones, and each permission, against the emulator."""

from typing import Any

import pytest

from clients.cloudflare import CloudflareApi
from clients.errors import ApiUnreachable, CheckUnavailable, CloudflareApiError
from ops.expected_stack import ExpectedStack
from ops.preflight.checks import cloudflare, zones
from ops.verify.result import CheckResult, Status
from tests.support.emulator import ACCOUNT, OTHER_ZONE, RECORDS, TUNNELS, ZONE, Emulator
from tests.support.settings_examples import a_route
from tests.unit.ops.preflight.conftest import by_status, only, stack

BEGINNERS = ("Cloudflare Tunnel: Edit", "DNS: Edit")
"""The two permissions that a beginner's token has."""
ACCESS = {"allow": {"emails": ["ann@example.com"]}}


@pytest.fixture(autouse=True)
def _environ(cloudflare_environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in cloudflare_environ.items():
        monkeypatch.setenv(name, value)


def preflight(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, permissions: Any, expected: ExpectedStack | None = None
) -> list[CheckResult]:
    """The checks with a token that has these permissions."""
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", emulator.create_token(permissions))
    return cloudflare.run(expected or stack())


def record(emulator: Emulator, name: str) -> None:
    emulator.done("POST", RECORDS, {"type": "A", "name": name, "content": "192.0.2.1", "ttl": 1})


def test_a_beginners_token_passes_every_check(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    record(emulator, "www.example.com")
    tunnel = emulator.tunnel()
    results = preflight(emulator, monkeypatch, BEGINNERS)
    assert by_status(results) == {
        "CLOUDFLARE_API_TOKEN": "passed",
        ACCOUNT: "passed",
        "example.com": "passed",
        "Account > Cloudflare Tunnel: Edit": "passed",
        "Zone > DNS: Edit on example.com": "passed",
    }
    # Nothing that exists is touched.
    assert [each["id"] for each in emulator.done("GET", TUNNELS)] == [tunnel]
    assert [each["name"] for each in emulator.done("GET", RECORDS)] == ["www.example.com"]


@pytest.mark.parametrize("token", ["wrong", "with a space"])
def test_a_token_that_is_not_valid_is_the_only_finding(token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", token)
    (result,) = cloudflare.run(stack())
    assert (result.check, result.status) == ("token", Status.FAILED)
    assert "create or roll one at https://dash.cloudflare.com/profile/api-tokens" in result.remedy
    assert token not in str(result)


def test_without_a_token_the_check_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CLOUDFLARE_API_TOKEN")
    (result,) = cloudflare.run(stack())
    assert (result.status, result.observed) == (Status.UNKNOWN, "CLOUDFLARE_API_TOKEN is not set")


def test_a_token_that_expired_fails() -> None:
    result = cloudflare.is_valid({"id": "1", "status": "expired", "expires_on": "2026-01-01T00:00:00Z"})
    assert (result.status, result.observed) == (
        Status.FAILED,
        "the token is expired; it expired 2026-01-01T00:00:00Z",
    )
    assert cloudflare.is_valid({"id": "1", "status": "active", "expires_on": "2027-01-01T00:00:00Z"}).observed == (
        "valid, expires 2027-01-01T00:00:00Z"
    )


@pytest.mark.parametrize(
    ("permissions", "cause"),
    [
        (("DNS: Edit",), "accountId is another one's, or the token lacks Account > Cloudflare Tunnel: Edit"),
        (("DNS: Edit", "Account Settings: Read"), "the token lacks Account > Cloudflare Tunnel: Edit on this account"),
    ],
)
def test_an_account_without_the_permission_fails_once(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, permissions: tuple[str, ...], cause: str
) -> None:
    results = preflight(emulator, monkeypatch, [*permissions, "Zone: Read"])
    failed = only(results, Status.FAILED)
    assert (failed.check, failed.subject) == ("account", ACCOUNT)
    assert failed.cause.startswith(cause)
    assert "Account > Cloudflare Tunnel: Edit" not in by_status(results)


def test_the_id_of_another_account_names_the_accounts_of_the_token(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = stack(accountId="f" * 32)
    results = preflight(emulator, monkeypatch, [*BEGINNERS, "Account Settings: Read", "Zone: Read"], expected)
    account, zone = [result for result in results if result.status is Status.FAILED]
    assert account.cause == f"accountId is another account's: the token is for {ACCOUNT} (Home)"
    assert zone.observed == f"belongs to account {ACCOUNT} (Home)"


@pytest.mark.parametrize(
    ("permissions", "zone_id", "status", "observed"),
    [
        ([*BEGINNERS, "Zone: Read"], ZONE, Status.PASSED, "the id, the name and the account belong together"),
        ([*BEGINNERS, "Zone: Read"], OTHER_ZONE, Status.FAILED, "the id is that of example.org"),
        ([*BEGINNERS, "Zone: Read"], None, Status.PASSED, "the id, the name and the account belong together"),
        (BEGINNERS, None, Status.FAILED, "the API refused GET /zones: HTTP 403"),
        (BEGINNERS, OTHER_ZONE, Status.FAILED, "the zone with this id has the record www.example.org"),
        (BEGINNERS, ZONE, Status.UNKNOWN, "the zone with this id has no record, and the token may not read the zone"),
        (BEGINNERS, "f" * 32, Status.FAILED, "HTTP 403, 10000 Authentication error"),
        (["Cloudflare Tunnel: Edit"], ZONE, Status.FAILED, "HTTP 403, 10000 Authentication error"),
    ],
)
def test_id_name_and_account_of_a_zone_belong_together(
    emulator: Emulator,
    monkeypatch: pytest.MonkeyPatch,
    permissions: Any,
    zone_id: str | None,
    status: Status,
    observed: str,
) -> None:
    body = {"type": "A", "name": "www.example.org", "content": "192.0.2.1", "ttl": 1}
    emulator.done("POST", f"/zones/{OTHER_ZONE}/dns_records", body)
    results = preflight(emulator, monkeypatch, permissions, stack(zones={"example.com": zone_id}))
    (zone,) = [result for result in results if result.check == "zone"]
    assert zone.status is status
    assert observed in zone.observed
    # A permission on a zone that may be another one says nothing.
    judged = [subject for subject in by_status(results, "permission") if subject.endswith("on example.com")]
    assert bool(judged) is (status is not Status.FAILED)


@pytest.mark.parametrize(
    ("described", "observed"),
    [
        ({"status": "pending"}, "pending"),
        ({"paused": True}, "paused"),
        ({"account": {"id": "another", "name": "Work"}}, "belongs to account another (Work)"),
    ],
)
def test_a_zone_that_cannot_lead_to_the_tunnel_fails(described: dict[str, Any], observed: str) -> None:
    class Api(CloudflareApi):
        def find(self, path: str, permission: str) -> Any:
            del path, permission
            return {"id": ZONE, "name": "example.com", "status": "active", "account": {"id": ACCOUNT}, **described}

    result = zones.belongs(Api({"CLOUDFLARE_API_TOKEN": "t"}), ACCOUNT, "example.com", ZONE)
    assert (result.status, result.observed) == (Status.FAILED, observed)


EVERYTHING: dict[str, Any] = {
    "accessTeam": "acme",
    "notify": {"email": ["ops@example.com"]},
    "waf": {"owns": ["example.com"], "rules": [{"name": "tor", "countries": ["T1"]}]},
    "loadBalancer": {"hostname": "shop.example.com", "pools": [{"name": "here", "tunnels": ["own"]}]},
}
ALL = {
    "Account > Cloudflare Tunnel: Edit": "Cloudflare Tunnel",
    "Zone > DNS: Edit on example.com": "DNS",
    "Account > Access: Apps and Policies: Edit": "Access: Apps and Policies",
    "Account > Access: Service Tokens: Edit": "Access: Service Tokens",
    "Zone > Zone WAF: Edit on example.com": "Zone WAF",
    "Zone > Load Balancers: Edit on example.com": "Load Balancers",
    "Account > Load Balancing: Monitors And Pools: Edit": "Load Balancers: Monitors And Pools",
    "Account > Notifications: Edit": "Notifications",
}
"""The subject of each permission, and the permission as the emulator names it."""


@pytest.fixture
def everything() -> ExpectedStack:
    """A stack that needs every permission."""
    guarded = a_route(access={**ACCESS, "serviceTokens": ["ci"]})
    return stack(guarded, a_route(hostname="shop.example.com"), **EVERYTHING)


def test_each_permission_that_the_stack_needs_is_tried(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, everything: ExpectedStack
) -> None:
    granted = [f"{permission}: Edit" for permission in ALL.values()]
    results = preflight(emulator, monkeypatch, [*granted, "Zone: Read"], everything)
    assert by_status(results, "permission") == dict.fromkeys(ALL, "passed")


def test_a_permission_that_is_missing_or_read_only_is_named(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, everything: ExpectedStack
) -> None:
    for missing, name in ALL.items():
        level = "Read" if missing.startswith("Account") else ""
        granted = [f"{each}: {level if each == name else 'Edit'}" for each in ALL.values()]
        permissions = [*(each for each in granted if not each.endswith(": ")), "Zone: Read"]
        failed = only(preflight(emulator, monkeypatch, permissions, everything), Status.FAILED)
        assert (failed.check, failed.subject) == ("permission", missing)
        assert failed.observed == ("Read only" if level else "missing")
        assert "at https://dash.cloudflare.com/profile/api-tokens" in failed.remedy


@pytest.mark.parametrize(
    "error", [ApiUnreachable("the API does not answer"), CloudflareApiError(503, "HTTP 503")], ids=lambda e: str(e)
)
def test_a_zone_without_an_id_is_unknown_where_the_api_gives_no_answer(error: CheckUnavailable) -> None:
    class Api(CloudflareApi):
        def zone_id(self, account: str, name: str) -> str:
            del account, name
            raise error

    settings = stack(zones={"example.com": None}).settings
    ((result,), ids) = zones.run(Api({"CLOUDFLARE_API_TOKEN": "t"}), settings)
    assert (result.status, result.observed, ids) == (Status.UNKNOWN, error.reason, {})


def test_an_api_that_fails_is_unknown_and_never_passes(emulator: Emulator) -> None:
    rules = [{"method": "DELETE", "path": ".", "status": 500}]
    emulator.owner("PUT", "/faults", {"rules": rules})
    results = cloudflare.run(stack())
    assert set(by_status(results, "permission").values()) == {"unknown"}
