"""All of the connector's pods: each one that the cluster has scheduled lives here, and ends here."""

import asyncio
import contextlib
import logging
from collections.abc import Coroutine
from pathlib import Path

import httpx

from sandbox.kubelet.cluster_api import ClusterApi, Object
from sandbox.kubelet.kwok_stages import LABEL, VALUE
from sandbox.kubelet.pod import Pod
from sandbox.kubelet.process_spec import Surroundings

_PATIENCE = 10.0
"""Seconds that containers have to end in when the sandbox itself is stopped."""
log = logging.getLogger(__name__)


class Kubelet:
    """Follows the pods that carry the connector's label, and runs them."""

    def __init__(self, api: ClusterApi, around: Surroundings, home: Path) -> None:
        self.settled = asyncio.Event()
        """Set once every pod that was there at the start has been taken over."""
        self._api, self._around, self._home = api, around, home
        self._pods: dict[str, Pod] = {}
        self._work: set[asyncio.Task[None]] = set()
        # Probes go to addresses of this machine, each its own connection, as a kubelet's do.
        limits = httpx.Limits(max_keepalive_connections=0)
        self._probing = httpx.AsyncClient(trust_env=False, verify=False, limits=limits)

    async def follow(self) -> None:
        """Runs pods until cancelled; the containers then still run."""
        async for news in self._api.follow("/api/v1/pods", f"{LABEL}={VALUE}"):
            if isinstance(news, list):
                there = {pod["metadata"]["uid"] for pod in news}
                for uid in set(self._pods) - there:
                    self._drop(uid)
                for pod in news:
                    self._consider(pod)
                if not self.settled.is_set():
                    self._spawn(self._settle())
            elif news["type"] == "DELETED":
                self._drop(news["object"]["metadata"]["uid"])
            elif news["type"] in ("ADDED", "MODIFIED"):
                self._consider(news["object"])

    async def stop(self) -> None:
        """Ends every container, in order; the pods stay in the cluster, for the next run to take over."""
        async with asyncio.TaskGroup() as group:
            for pod in self._pods.values():
                group.create_task(pod.end(min(pod.grace, _PATIENCE)))
        await asyncio.gather(*self._work, return_exceptions=True)
        await self._probing.aclose()

    def _consider(self, pod: Object) -> None:
        meta = pod["metadata"]
        known = self._pods.get(meta["uid"])
        if "deletionTimestamp" in meta:
            if known is None or known.over:
                self._spawn(self._forget(pod))
            elif not known.ending:
                self._spawn(self._end(known, pod))
        elif known is None and pod["status"].get("podIP") and pod["status"]["phase"] in ("Pending", "Running"):
            made = self._pods[meta["uid"]] = Pod(pod, self._api, self._probing, self._around, self._home)
            self._spawn(made.run())

    async def _settle(self) -> None:
        await asyncio.gather(*(pod.status.told.wait() for pod in self._pods.values()))
        self.settled.set()

    async def _end(self, known: Pod, pod: Object) -> None:
        await known.end(pod["metadata"].get("deletionGracePeriodSeconds", 30))
        await self._forget(pod)

    async def _forget(self, pod: Object) -> None:
        """A pod whose container has ended goes from the cluster."""
        meta = pod["metadata"]
        await self._api.delete_now(f"/api/v1/namespaces/{meta['namespace']}/pods/{meta['name']}", meta["uid"])

    def _drop(self, uid: str) -> None:
        """A pod that is gone from the cluster already."""
        pod = self._pods.pop(uid, None)
        if pod and not pod.ending:
            self._spawn(pod.end(grace=1))

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(self._reported(work))
        self._work.add(task)
        task.add_done_callback(self._work.discard)

    async def _reported(self, work: Coroutine[None, None, None]) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            try:
                await work
            except Exception:
                log.exception("a pod's work broke off")
