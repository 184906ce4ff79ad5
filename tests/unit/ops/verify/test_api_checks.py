"""Checks of tunnel and records, passing and failing."""

from datetime import UTC, datetime
from typing import Any
from unittest.mock import Mock

import pytest

from ops.verify.checks import records, tunnel
from ops.verify.checks.cloudflare import CloudflareChecks
from ops.verify.result import CheckResult, Status

ID = "42a2735e-7321-4001-9771-6625acdc4661"
TARGET = f"{ID}.cfargotunnel.com"
GOOD = {"id": ID, "status": "healthy", "config_src": "cloudflare", "remote_config": True}
WANTED = [{"hostname": "a.example.com", "path": "^/v1(/|$)", "service": "http://a"}, {"service": "http_status:404"}]


def _connectors(*held: int, **more: Any) -> list[dict[str, Any]]:
    return [
        {"id": f"{n}", "conns": [{"is_pending_reconnect": False}] * count, **more} for n, count in enumerate(held, 1)
    ]


def _guarded(spelled: bool = True, tag: str = "a") -> list[dict[str, Any]]:
    declared = {"required": True, "team_name": "acme", "aud_tags": [tag]}
    sent = {"audTag": [tag], "teamName": "acme", "required": True}
    key, access = ("originRequest", sent) if spelled else ("origin_request", declared)
    return [{"hostname": "a.example.com", "service": "http://a", key: {"access": access}}, WANTED[1]]


def test_a_rule_names_the_audience_tags_of_its_own_access_application() -> None:
    def judged(wanted: list[dict[str, Any]], found: list[dict[str, Any]]) -> Status:
        return tunnel.rules_match("x", wanted, {"version": 1, "config": {"ingress": found}}, {}).status

    assert judged(_guarded(spelled=False), _guarded()) is Status.PASSED
    assert judged(_guarded(spelled=False), _guarded(tag="b")) is Status.FAILED
    assert judged(_guarded(spelled=False), [{**_guarded()[0], "originRequest": {}}, WANTED[1]]) is Status.FAILED
    found = {"config": {"ingress": _guarded(tag="b")}}
    assert judged(tunnel.with_tags(_guarded(spelled=False), found), _guarded(tag="b")) is Status.PASSED


@pytest.mark.parametrize(
    ("tunnels", "outputs", "status", "observed"),
    [
        ([GOOD], {}, Status.PASSED, ID),
        ([GOOD], {"tunnelId": ID}, Status.PASSED, ID),
        ([], {}, Status.FAILED, "no tunnel"),
        ([GOOD], {"tunnelId": "another"}, Status.FAILED, "the last update created another"),
        ([{**GOOD, "config_src": "local"}], {}, Status.FAILED, "locally configured"),
        ([{**GOOD, "remote_config": False}], {}, Status.FAILED, "locally configured"),
    ],
)
def test_the_tunnel_is_the_one_that_the_last_update_created(
    tunnels: list, outputs: dict, status: Status, observed: str
) -> None:
    found = tunnel.exists("culvert-dev", tunnels, outputs)
    assert found.status is status
    assert observed in found.observed


NOW = datetime(2026, 11, 29, 12, 0, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("connectors", "starting"),
    [
        (_connectors(4, 3, run_at="2026-11-29T12:00:09.9Z"), True),
        (_connectors(1, run_at="2026-11-29T13:00:01+01:00"), True),
        (_connectors(4, 4, run_at="2026-11-29T12:00:09Z"), False),
        (_connectors(3, run_at="2026-11-29T12:00:00Z"), False),
        # Of a clock that is ahead, nothing can be told.
        (_connectors(3, run_at="2026-11-29T12:00:11Z"), False),
        (_connectors(3, run_at=None), False),
        (_connectors(3), False),
        ([], False),
    ],
)
def test_a_connector_without_all_connections_is_starting_for_ten_seconds(connectors: list, starting: bool) -> None:
    assert tunnel.is_starting(connectors, NOW) is starting


def test_connections_are_awaited_while_a_connector_opens_them(monkeypatch: pytest.MonkeyPatch) -> None:
    waited = list[float]()
    monkeypatch.setattr("time.sleep", waited.append)
    now = datetime.now(UTC).isoformat()

    def judged(*readings: list[dict[str, Any]]) -> CheckResult:
        replies = iter(readings)
        api = Mock(connectors=lambda *_: next(replies, readings[-1]), tunnel=lambda *_: GOOD)
        stack = Mock(settings=Mock(connector=Mock(replicas=1)))
        stack.name = "culvert-dev"
        (result,) = CloudflareChecks(stack)._connections(api, {**GOOD, "status": "degraded"})
        return result

    few = _connectors(2, run_at=now)
    assert judged(few, few, _connectors(4, run_at=now)).status is Status.PASSED
    assert waited == [1, 1]
    assert judged(few).status is Status.FAILED
    assert len(waited) == 2 + 10


@pytest.mark.parametrize(
    ("health", "connectors", "status", "says"),
    [
        ("healthy", _connectors(4, 4), Status.PASSED, "4, 4"),
        ("inactive", [], Status.FAILED, "1033"),
        ("down", _connectors(0, 0), Status.FAILED, "1033"),
        ("healthy", _connectors(4), Status.FAILED, "less redundancy"),
        ("degraded", _connectors(4, 4), Status.FAILED, "less redundancy"),
        ("healthy", _connectors(4, 3), Status.FAILED, "less redundancy"),
        ("healthy", _connectors(4, 4, 4), Status.FAILED, "not this stack's"),
        (
            "healthy",
            [*_connectors(4), {"id": "2", "conns": [{"is_pending_reconnect": True}] * 4}],
            Status.FAILED,
            "less redundancy",
        ),
    ],
)
def test_two_connectors_hold_four_connections_each(health: str, connectors: list, status: Status, says: str) -> None:
    found = tunnel.is_connected("culvert-dev", {**GOOD, "status": health}, connectors, 2)
    assert found.status is status
    assert says in (found.impact or found.observed)


@pytest.mark.parametrize(
    ("counts", "status"),
    [((4,), Status.PASSED), ((4, 4, 4), Status.PASSED), ((4, 3), Status.FAILED), ((), Status.FAILED)],
)
def test_external_replicas_are_any_number_of_connectors(counts: tuple[int, ...], status: Status) -> None:
    found = tunnel.is_connected("culvert-dev", {**GOOD, "status": "healthy"}, _connectors(*counts), None)
    assert found.status is status


@pytest.mark.parametrize(
    ("connectors", "status"),
    [
        (_connectors(4, 4, config_version=3), Status.PASSED),
        ([{"id": "1", "config_version": 3}, {"id": "2", "config_version": 2}], Status.FAILED),
        (_connectors(4, 4), Status.SKIPPED),
        ([], Status.SKIPPED),
    ],
)
def test_every_connector_runs_the_version_of_the_api(connectors: list, status: Status) -> None:
    assert tunnel.version_is_current("culvert-dev", connectors, 3).status is status


@pytest.mark.parametrize(
    ("config", "status", "observed"),
    [
        ({"ingress": WANTED}, Status.PASSED, "2 rules as declared, version 5"),
        ({"ingress": WANTED, "warp-routing": {"enabled": False}, "originRequest": {}}, Status.PASSED, "as declared"),
        (
            {"ingress": [{**WANTED[0], "originRequest": {"noTLSVerify": False}}, WANTED[1]]},
            Status.PASSED,
            "as declared",
        ),
        (
            {"ingress": [{**WANTED[0], "originRequest": {"noTLSVerify": True}}, WANTED[1]]},
            Status.FAILED,
            "noTLSVerify True",
        ),
        ({"ingress": WANTED[1:]}, Status.FAILED, "missing: a.example.com ^/v1(/|$) → http://a"),
        ({"ingress": [{"hostname": "b", "service": "http://b"}, *WANTED]}, Status.FAILED, "not declared: b → http://b"),
        ({"ingress": WANTED[::-1]}, Status.FAILED, "in another order"),
        ({"ingress": WANTED, "warp-routing": {"enabled": True}}, Status.FAILED, "private network routing"),
        ({"ingress": WANTED, "originRequest": {"noTLSVerify": True}}, Status.FAILED, "options for every origin"),
        (None, Status.FAILED, "missing"),
    ],
)
def test_the_rules_are_those_declared(config: dict | None, status: Status, observed: str) -> None:
    found = tunnel.rules_match("culvert-dev", WANTED, {"version": 5, "config": config}, {})
    assert found.status is status
    assert observed in found.observed


def test_declared_private_routing_passes() -> None:
    document = {"version": 5, "config": {"ingress": WANTED, "warp-routing": {"enabled": True}}}
    assert tunnel.rules_match("culvert-dev", WANTED, document, {}, private=True).status is Status.PASSED


def test_origin_options_are_compared_in_either_spelling() -> None:
    options = {"match_sn_ito_host": True, "connect_timeout": 5, "http2_origin": True, "no_tls_verify": True}
    spelled = {"matchSNItoHost": True, "connectTimeout": 5, "http2Origin": True, "noTLSVerify": True}
    wanted = [{**WANTED[0], "origin_request": options}, WANTED[1]]

    def found(request: dict[str, Any]) -> Status:
        config = {"ingress": [{**WANTED[0], "originRequest": request}, WANTED[1]]}
        return tunnel.rules_match("x", wanted, {"version": 5, "config": config}, {}).status

    assert found({**spelled, "noHappyEyeballs": False}) is Status.PASSED
    for option in spelled:
        assert found({**spelled, option: 7}) is Status.FAILED


@pytest.mark.parametrize(("deployed", "reported"), [(5, False), (4, True), (None, False)])
def test_rules_that_were_changed_and_restored_are_reported(deployed: int | None, reported: bool) -> None:
    found = tunnel.rules_match("x", WANTED, {"version": 5, "config": {"ingress": WANTED}}, {"configVersion": deployed})
    assert found.status is Status.PASSED
    assert ("changed and restored since" in found.observed) is reported


def _record(**changes: Any) -> dict[str, Any]:
    return {"name": "a.example.com", "type": "CNAME", "content": TARGET, "proxied": True, **changes}


@pytest.mark.parametrize(
    ("present", "status", "impact"),
    [
        ([_record()], Status.PASSED, ""),
        ([_record(content=f"{TARGET.upper()}.")], Status.PASSED, ""),
        ([_record(), _record(type="TXT", content="x")], Status.PASSED, ""),
        ([], Status.FAILED, "NXDOMAIN"),
        ([_record(name="b.example.com")], Status.FAILED, "NXDOMAIN"),
        ([_record(type="TXT", content=TARGET)], Status.FAILED, "NXDOMAIN"),
        ([_record(content="0.cfargotunnel.com")], Status.FAILED, "another tunnel"),
        ([_record(type="A", content="192.0.2.1")], Status.FAILED, "that address"),
        ([_record(proxied=False)], Status.FAILED, "no address"),
    ],
)
def test_a_hostname_points_at_the_tunnel(present: list, status: Status, impact: str) -> None:
    found = records.points_at_tunnel("a.example.com", TARGET, present)
    assert found.status is status
    assert impact in found.impact


@pytest.mark.parametrize(
    ("present", "status"),
    [
        ([_record()], Status.PASSED),
        ([_record(name="b.example.com", content="elsewhere.example.net")], Status.PASSED),
        ([_record(name="mail.example.com", type="MX", content=None)], Status.PASSED),
        ([_record(name="b.example.com", content=f"{TARGET}.")], Status.FAILED),
    ],
)
def test_nothing_else_points_at_the_tunnel(present: list, status: Status) -> None:
    assert records.no_orphans("example.com", ["a.example.com"], TARGET, present).status is status
