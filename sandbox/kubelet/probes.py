"""HTTP probes: https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import httpx

from sandbox.kubelet.cluster_api import Object


@dataclass(frozen=True)
class Probe:
    """An `httpGet` probe; times in seconds."""

    url: str
    initial_delay: float
    period: float
    timeout: float
    success_threshold: int
    failure_threshold: int

    def asked_often(self) -> "Probe":
        """A probe that notices a success sooner and fails as late as this one: it asks ten times in each period."""
        return replace(self, period=self.period / 10, failure_threshold=10 * self.failure_threshold)


def probe_of(container: Object, kind: str, address: str, ports: dict[int, int]) -> Probe | None:
    """The container's `startupProbe`, `readinessProbe` or `livenessProbe`; None where it has no `httpGet` probe.

    Omitted fields get Kubernetes' defaults.
    """
    declared = container.get(kind) or {}
    http_get = declared.get("httpGet")
    if http_get is None:
        return None
    named_ports = {port["name"]: port["containerPort"] for port in container.get("ports", []) if "name" in port}
    port = named_ports.get(http_get["port"], http_get["port"])
    scheme = http_get.get("scheme", "HTTP").lower()
    return Probe(
        url=f"{scheme}://{address}:{ports.get(port, port)}{http_get.get('path', '/')}",
        initial_delay=declared.get("initialDelaySeconds", 0),
        period=declared.get("periodSeconds", 10),
        timeout=declared.get("timeoutSeconds", 1),
        success_threshold=declared.get("successThreshold", 1),
        failure_threshold=declared.get("failureThreshold", 3),
    )


async def probe_results(probe: Probe, client: httpx.AsyncClient) -> AsyncIterator[bool]:
    """The probe's result, at each change: True after `success_threshold` successes in a row, False after failures."""
    await asyncio.sleep(probe.initial_delay)
    result: bool | None = None
    last: bool | None = None
    in_a_row = 0
    while True:
        success = await _succeeds(probe, client)
        in_a_row = in_a_row + 1 if success == last else 1
        last = success
        if success != result and in_a_row >= (probe.success_threshold if success else probe.failure_threshold):
            result = success
            yield success
        await asyncio.sleep(probe.period)


async def _succeeds(probe: Probe, client: httpx.AsyncClient) -> bool:
    try:
        response = await client.get(probe.url, timeout=probe.timeout)
    except httpx.HTTPError:
        return False
    return 200 <= response.status_code < 400
