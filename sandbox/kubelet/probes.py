"""Probes, asked as a kubelet asks them: https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx

from sandbox.kubelet.cluster_api import Object


@dataclass(frozen=True)
class Probe:
    """An `httpGet` probe; times in seconds, the defaults are Kubernetes'."""

    url: str
    initial_delay: float
    period: float
    timeout: float
    successes: int
    failures: int


def probe_of(container: Object, kind: str, address: str, ports: dict[int, int]) -> Probe | None:
    """The container's `startupProbe`, `readinessProbe` or `livenessProbe`; None where it has none of a kind we can ask."""
    declared = container.get(kind) or {}
    wanted = declared.get("httpGet")
    if wanted is None:
        return None
    named = {port["name"]: port["containerPort"] for port in container.get("ports", []) if "name" in port}
    port = named.get(wanted["port"], wanted["port"])
    scheme = wanted.get("scheme", "HTTP").lower()
    return Probe(
        url=f"{scheme}://{address}:{ports.get(port, port)}{wanted.get('path', '/')}",
        initial_delay=declared.get("initialDelaySeconds", 0),
        period=declared.get("periodSeconds", 10),
        timeout=declared.get("timeoutSeconds", 1),
        successes=declared.get("successThreshold", 1),
        failures=declared.get("failureThreshold", 3),
    )


async def verdicts(probe: Probe, client: httpx.AsyncClient) -> AsyncIterator[bool]:
    """What the probe has come to, at each change: True after enough successes in a row, False after enough failures."""
    await asyncio.sleep(probe.initial_delay)
    verdict: bool | None = None
    last: bool | None = None
    in_a_row = 0
    while True:
        answer = await _ask(probe, client)
        in_a_row = in_a_row + 1 if answer == last else 1
        last = answer
        if answer != verdict and in_a_row >= (probe.successes if answer else probe.failures):
            verdict = answer
            yield answer
        await asyncio.sleep(probe.period)


async def _ask(probe: Probe, client: httpx.AsyncClient) -> bool:
    try:
        reply = await client.get(probe.url, timeout=probe.timeout)
    except httpx.HTTPError:
        return False
    return 200 <= reply.status_code < 400
