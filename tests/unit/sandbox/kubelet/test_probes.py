"""Probes, and the results of a series of responses."""

import contextlib

import httpx
import pytest

from sandbox.kubelet.probes import Probe, probe_of, probe_results
from tests.support.local_edge import async_test


class _NoMoreResponses(Exception):
    pass


CONTAINER = {
    "ports": [{"name": "metrics", "containerPort": 2000}],
    "readinessProbe": {"httpGet": {"path": "/ready", "port": "metrics"}, "periodSeconds": 5, "failureThreshold": 2},
    "livenessProbe": {"httpGet": {"port": 2001, "scheme": "HTTPS"}},
    "startupProbe": {"tcpSocket": {"port": 2000}},
}


def test_a_probe_has_the_pods_address_and_kubernetes_defaults() -> None:
    ports = {2001: 4001}
    readiness = Probe("http://127.1.1.1:2000/ready", 0, 5, 1, 1, 2)
    assert probe_of(CONTAINER, "readinessProbe", "127.1.1.1", ports) == readiness
    assert probe_of(CONTAINER, "livenessProbe", "127.1.1.1", ports) == Probe("https://127.1.1.1:4001/", 0, 10, 1, 1, 3)
    assert probe_of(CONTAINER, "startupProbe", "127.1.1.1", ports) is None


@pytest.mark.parametrize(
    ("responses", "successes", "failures", "expected"),
    [
        ("+-++", 1, 1, [True, False, True]),
        ("--+--", 1, 2, [False, True, False]),
        ("+-+--", 1, 2, [True, False]),
        ("+-++", 2, 1, [False, True]),
        ("xr++", 1, 2, [False, True]),
    ],
)
@async_test
async def test_a_result_changes_after_enough_responses_in_a_row(
    responses: str, successes: int, failures: int, expected: list[bool]
) -> None:
    remaining = iter(responses)

    def respond(request: httpx.Request) -> httpx.Response:
        kind = next(remaining, None)
        if kind is None:
            raise _NoMoreResponses
        if kind == "x":
            raise httpx.ConnectError("connection refused", request=request)
        return httpx.Response({"+": 200, "-": 503, "r": 404}[kind])

    results = []
    async with httpx.AsyncClient(transport=httpx.MockTransport(respond)) as client:
        with contextlib.suppress(_NoMoreResponses):
            async for result in probe_results(Probe("http://pod/", 0, 0, 1, successes, failures), client):
                results.append(result)
    assert results == expected


def test_a_startup_probe_is_asked_more_often_and_fails_as_late() -> None:
    probe = Probe("http://pod/", 2, 5, 1, 1, 30)
    often = probe.asked_often()
    assert (often.period, often.period * often.failure_threshold) == (0.5, 150)
    assert (often.initial_delay, often.timeout, often.success_threshold) == (2, 1, 1)
