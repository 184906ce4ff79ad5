"""Probes, and what a run of answers comes to."""

import contextlib
import itertools

import httpx
import pytest

from sandbox.kubelet.probes import Probe, probe_of, verdicts
from tests.support.local_edge import asynchronous


class _Heard(Exception):
    """All answers have been given."""


CONTAINER = {
    "ports": [{"name": "metrics", "containerPort": 2000}],
    "readinessProbe": {"httpGet": {"path": "/ready", "port": "metrics"}, "periodSeconds": 5, "failureThreshold": 2},
    "livenessProbe": {"httpGet": {"port": 2001, "scheme": "HTTPS"}},
    "startupProbe": {"tcpSocket": {"port": 2000}},
}


def test_a_probe_is_asked_at_the_pods_address_with_kubernetes_defaults() -> None:
    ports = {2001: 4001}
    readiness = Probe("http://127.1.1.1:2000/ready", 0, 5, 1, 1, 2)
    assert probe_of(CONTAINER, "readinessProbe", "127.1.1.1", ports) == readiness
    assert probe_of(CONTAINER, "livenessProbe", "127.1.1.1", ports) == Probe("https://127.1.1.1:4001/", 0, 10, 1, 1, 3)
    assert probe_of(CONTAINER, "startupProbe", "127.1.1.1", ports) is None


@pytest.mark.parametrize(
    ("answers", "successes", "failures", "told"),
    [
        ("+-++", 1, 1, [True, False, True]),
        ("--+--", 1, 2, [False, True, False]),
        ("+-+--", 1, 2, [True, False]),
        ("+-++", 2, 1, [False, True]),
        ("xr++", 1, 2, [False, True]),
    ],
)
@asynchronous
async def test_a_verdict_changes_after_enough_answers_in_a_row(
    answers: str, successes: int, failures: int, told: list[bool]
) -> None:
    remaining = itertools.chain(answers)

    def answer(request: httpx.Request) -> httpx.Response:
        kind = next(remaining, None)
        if kind is None:
            raise _Heard
        if kind == "x":
            raise httpx.ConnectError("nobody", request=request)
        return httpx.Response({"+": 200, "-": 503, "r": 404}[kind])

    heard = []
    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
        with contextlib.suppress(_Heard):
            async for verdict in verdicts(Probe("http://pod/", 0, 0, 1, successes, failures), client):
                heard.append(verdict)
    assert heard == told
