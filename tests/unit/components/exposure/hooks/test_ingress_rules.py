"""The hook after new ingress rules: when it waits for connectors, and how long."""

import asyncio
import re
from typing import Any

import pulumi
import pytest

from clients.errors import ApiUnreachable
from components.exposure.hooks import ingress_rules
from components.exposure.hooks.ingress_rules import INTERVAL, SETTLING, TIMEOUT, backends, wait_for_connectors
from tests.support.snapshot import assert_message_matches

OLD, NEW = "http://old.shop.svc.cluster.local:80", "http://new.shop.svc.cluster.local:80"
A, B = {"id": "a" * 36}, {"id": "b" * 36}


class Account:
    """The account's connectors at each read of them: a list, or an error. The last answer is repeated."""

    def __init__(self, *answers: Any) -> None:
        self._answers = list(answers)
        self.reads = 0

    def connectors(self, account: str, tunnel: str) -> Any:
        assert (account, tunnel) == ("account", "tunnel")
        self.reads += 1
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses of the hook, none of which takes time, and its clock, which counts them."""
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    monkeypatch.setattr(ingress_rules, "sleep", sleep)
    monkeypatch.setattr(ingress_rules, "monotonic", lambda: sum(pauses))
    return pauses


@pytest.fixture
def warnings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    found: list[str] = []
    monkeypatch.setattr(pulumi, "warn", found.append)
    return found


def inputs(*services: str) -> dict[str, Any]:
    listed = [{"hostname": "a.example.com", "service": each} for each in services]
    ingresses = [*listed, {"service": "http_status:404"}]
    return {"accountId": "account", "tunnelId": "tunnel", "config": {"ingresses": ingresses}}


def run(monkeypatch: pytest.MonkeyPatch, account: Account, old: Any, new: Any) -> None:
    monkeypatch.setattr(ingress_rules, "provider_api", lambda: account)
    args = pulumi.ResourceHookArgs(
        "urn", "tunnel", "rules", ingress_rules.RULES, new_inputs=new, old_inputs=old, new_outputs={"version": 7.0}
    )
    asyncio.run(wait_for_connectors(args))


def at(connector: dict[str, str], version: int) -> dict[str, Any]:
    return {**connector, "config_version": version}


def test_it_waits_until_every_connector_has_reported_the_new_rules(
    monkeypatch: pytest.MonkeyPatch, waits: list[float], warnings: list[str]
) -> None:
    # Not one that has not reported any yet, nor one that the API does not describe for a moment.
    account = Account([at(A, 6), at(B, 6)], [at(A, 7), B], ApiUnreachable("no answer"), [at(A, 7), at(B, 8)])
    run(monkeypatch, account, inputs(OLD), inputs(NEW))
    assert (account.reads, waits, warnings) == (4, [INTERVAL] * 3 + [SETTLING], [])


def test_it_waits_for_none_where_no_backend_closes_or_no_connector_runs(
    monkeypatch: pytest.MonkeyPatch, waits: list[float], warnings: list[str]
) -> None:
    account = Account([at(A, 6)])
    for old, new in (([OLD], [OLD, NEW]), ([OLD], [OLD]), ([OLD, "http_status:204"], [OLD])):
        run(monkeypatch, account, inputs(*old), inputs(*new))
    assert (account.reads, waits) == (0, [])
    run(monkeypatch, Account([]), inputs(OLD), inputs(NEW))
    assert (sum(waits), warnings) == (0, [])


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ([at(A, 7), at(B, 6), A], "version 7 of the ingress rules is not reported by connector bbbbbbbb and aaaaaaaa"),
        (ApiUnreachable("no answer"), "the connectors of the tunnel cannot be read: no answer"),
        ([{"config_version": "six"}], "the connectors of the tunnel cannot be read: a reply has another shape"),
    ],
)
def test_after_the_timeout_the_run_goes_on_with_a_warning(
    monkeypatch: pytest.MonkeyPatch, waits: list[float], warnings: list[str], answer: Any, reason: str
) -> None:
    run(monkeypatch, Account(answer), inputs(OLD), inputs(NEW))
    assert sum(waits) == TIMEOUT
    (warning,) = warnings
    # Without the line of code that read a reply of another shape.
    assert_message_matches(re.sub(r"\.py:\d+", ".py", warning))
    assert warning.startswith(f"After 30 s, {reason}")
    assert warning.endswith(f"answers requests to {OLD} with 502 once this run ends")


def test_every_backend_that_closes_is_named(
    monkeypatch: pytest.MonkeyPatch, waits: list[float], warnings: list[str]
) -> None:
    run(monkeypatch, Account([at(A, 6)]), inputs(OLD, "tcp://db:5432"), inputs(NEW))
    assert sum(waits) == TIMEOUT
    assert f"answers requests to {OLD}, tcp://db:5432 with 502" in warnings[0]


def test_only_origins_of_connectors_are_backends() -> None:
    assert backends(inputs(OLD, "http_status:503", "tcp://db:5432", OLD)) == {OLD, "tcp://db:5432"}
    assert backends({"config": {}}) == backends({}) == set()
