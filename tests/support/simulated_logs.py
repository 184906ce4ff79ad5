"""Logs of simulated pods, so that `kubectl logs` has something to show."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from clients.kubernetes import KubernetesApi
from sandbox.edge.listener import listen
from sandbox.kubelet.cluster_api import ClusterApi
from sandbox.kubelet.container_logs import ContainerLogs, log_file
from tests.support.background_loop import in_background

LINE = "INF Registered tunnel connection connIndex=0"


@contextmanager
def serve_logs(home: Path) -> Iterator[None]:
    """Serves the logs of a sandbox's pods in place of the kubelet, which does not run where pods are simulated."""
    kubeconfig = home / "cluster" / "kubeconfig"

    async def serve(ready: Callable[[], None]) -> None:
        api = ClusterApi(kubeconfig)
        logs = ContainerLogs(home, kubeconfig.parent, lambda _namespace, _pod: True)
        serving = asyncio.create_task(logs.serve(listen(0), api))
        try:
            while not all(map(_has_kubelet, KubernetesApi(str(kubeconfig)).items("/api/v1/nodes"))):
                await asyncio.sleep(0.05)
            ready()
            await serving
        finally:
            serving.cancel()
            await api.close()

    with in_background(serve):
        yield


def write_log(home: Path, namespace: str, pod: str) -> None:
    log_file(home, namespace, pod).write_text(f"{LINE}\n")


def _has_kubelet(node: dict) -> bool:
    return "daemonEndpoints" in node["status"] and node["status"]["daemonEndpoints"]["kubeletEndpoint"]["Port"] > 0
