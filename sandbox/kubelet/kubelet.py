"""The kubelet: starts, runs and removes every pod of the connector that the cluster has scheduled."""

import asyncio
import contextlib
import logging
from collections.abc import Coroutine
from pathlib import Path

import httpx

from sandbox.kubelet.cluster_api import ClusterApi, Object
from sandbox.kubelet.kwok_stages import LABEL, VALUE
from sandbox.kubelet.network_policy import Client
from sandbox.kubelet.pod import Pod
from sandbox.kubelet.process import owner_of_socket
from sandbox.kubelet.process_spec import HostEnvironment

_SHUTDOWN_GRACE = 10.0
"""Longest grace period, in seconds, of containers when the sandbox itself is stopped."""
log = logging.getLogger(__name__)


class Kubelet:
    """Watches the pods with the connector's label, and runs them."""

    def __init__(self, api: ClusterApi, host: HostEnvironment, home: Path) -> None:
        self.adopted = asyncio.Event()
        """Set once the status of every pod that existed at the start has been published."""
        self._api, self._host, self._home = api, host, home
        self._pods: dict[str, Pod] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        # Like a kubelet's, each probe makes a connection of its own; it goes to an address of this machine.
        limits = httpx.Limits(max_keepalive_connections=0)
        self._probe_client = httpx.AsyncClient(trust_env=False, verify=False, limits=limits)

    async def run(self) -> None:
        """Runs pods until cancelled; their containers keep running until `stop`."""
        async for update in self._api.watch("/api/v1/pods", f"{LABEL}={VALUE}"):
            if isinstance(update, list):
                existing = {pod["metadata"]["uid"] for pod in update}
                for uid in set(self._pods) - existing:
                    self._pod_deleted(uid)
                for pod in update:
                    self._sync(pod)
                if not self.adopted.is_set():
                    self._spawn(self._adopt())
            elif update["type"] == "DELETED":
                self._pod_deleted(update["object"]["metadata"]["uid"])
            elif update["type"] in ("ADDED", "MODIFIED"):
                self._sync(update["object"])

    async def stop(self) -> None:
        """Terminates every container; the pods stay in the cluster, for the next run to adopt."""
        async with asyncio.TaskGroup() as group:
            for pod in self._pods.values():
                group.create_task(pod.terminate(min(pod.grace_period, _SHUTDOWN_GRACE)))
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._probe_client.aclose()

    def has(self, namespace: str, name: str) -> bool:
        """Whether a pod is in the cluster, and this kubelet's."""
        return any(pod.name == f"{namespace}/{name}" for pod in self._pods.values())

    async def owner_of(self, address: tuple[str, int]) -> Client | None:
        """The pod whose process has a TCP socket with this address and port; None where it is not a connector's."""
        pods = {process.pid: pod for pod in self._pods.values() if (process := pod.process)}
        pid = await asyncio.to_thread(owner_of_socket, list(pods), address)
        return Client(*pods[pid].name.split("/")) if pid else None

    def _sync(self, pod: Object) -> None:
        metadata, status = pod["metadata"], pod["status"]
        known = self._pods.get(metadata["uid"])
        if "deletionTimestamp" in metadata:
            if known is None or known.terminated:
                self._spawn(self._delete(pod))
            elif not known.terminating:
                self._spawn(self._terminate(known, pod))
        elif known is None and status.get("podIP") and status["phase"] in ("Pending", "Running"):
            new = self._pods[metadata["uid"]] = Pod(pod, self._api, self._probe_client, self._host, self._home)
            self._spawn(new.run())

    async def _adopt(self) -> None:
        await asyncio.gather(*(pod.status.published.wait() for pod in self._pods.values()))
        self.adopted.set()

    async def _terminate(self, known: Pod, pod: Object) -> None:
        await known.terminate(pod["metadata"].get("deletionGracePeriodSeconds", 30))
        await self._delete(pod)

    async def _delete(self, pod: Object) -> None:
        """Removes a pod whose container has ended from the cluster."""
        metadata = pod["metadata"]
        path = f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}"
        await self._api.delete_now(path, metadata["uid"])

    def _pod_deleted(self, uid: str) -> None:
        """Terminates the container of a pod that is no longer in the cluster."""
        pod = self._pods.pop(uid, None)
        if pod and not pod.terminating:
            self._spawn(pod.terminate(grace_period=1))

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(self._logged(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _logged(self, work: Coroutine[None, None, None]) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            try:
                await work
            except Exception:
                log.exception("unexpected error in a pod's task")
