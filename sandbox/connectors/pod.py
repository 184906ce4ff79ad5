"""The life of one connector's pod: started, probed, restarted, and ended when the cluster says so."""

import asyncio
import contextlib
import json
import logging
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from .cluster_api import ClusterApi, Object
from .probes import probe_of, verdicts
from .process import Process
from .recipe import Recipe, Surroundings, container_of, prepare
from .volumes import Missing

_RETRY = 2.0
_BACK_OFF, _LONGEST_BACK_OFF = 10.0, 300.0
"""Seconds between restarts: none before the first, then these, doubled each time (the kubelet's own)."""
_LONG = 600.0
"""Seconds after which a container counts as one that runs."""
log = logging.getLogger(__name__)


class Pod:
    """One pod. `run` is its life; `end` brings that to an orderly close."""

    def __init__(
        self, pod: Object, api: ClusterApi, probing: httpx.AsyncClient, around: Surroundings, home: Path
    ) -> None:
        meta = pod["metadata"]
        self.uid: str = meta["uid"]
        self.name = f"{meta['namespace']}/{meta['name']}"
        self.path = f"/api/v1/namespaces/{meta['namespace']}/pods/{meta['name']}"
        self._pod, self._api, self._probing, self._around, self._home = pod, api, probing, around, home
        self._folder = home / "connectors" / self.uid
        self._log = home / "logs" / f"connector-{meta['namespace']}-{meta['name']}.log"
        self._container = container_of(pod)
        self._process: Process | None = None
        self._ending = asyncio.Event()
        self._over = asyncio.Event()
        self.shown = asyncio.Event()
        """Set once the cluster has been told how the pod is."""
        self._shown: Object | None = None
        self._restarts = 0
        for status in pod["status"].get("containerStatuses", []):
            if status["name"] == self._container["name"] and "running" in status.get("state", {}):
                self._restarts = status["restartCount"] + 1  # it ran for an earlier run of ours

    async def run(self) -> None:
        """Keeps the container running until `end`."""
        try:
            await self._keep_running()
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._over.set()

    async def _keep_running(self) -> None:
        wait = 0.0
        while not self._ending.is_set():
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                recipe = await prepare(self._api, self._pod, self._folder, self._around)
                self._process = await Process.start(
                    recipe.command, recipe.environment, self._folder, self._log, self._home
                )
            except (Missing, OSError) as reason:
                await self._show({"waiting": {"reason": "CreateContainerConfigError", "message": str(reason)}})
                await self._pause(_RETRY)
                continue
            if self._ending.is_set():
                self._process.kill()
            began = asyncio.get_running_loop().time()
            status = await self._attend(recipe, self._process)
            if self._ending.is_set():
                break
            if asyncio.get_running_loop().time() - began > _LONG:
                wait = 0.0
            log.info("%s: cloudflared ended (%d), to be started again in %d seconds", self.name, status, wait)
            self._restarts += 1
            last = {"exitCode": status % 256, "reason": "Error" if status else "Completed", "finishedAt": _now()}
            await self._show({"waiting": {"reason": "CrashLoopBackOff"}}, last=last)
            await self._pause(wait)
            wait = min(max(_BACK_OFF, 2 * wait), _LONGEST_BACK_OFF)

    async def end(self, grace: float) -> None:
        """Asks the container to end, kills it after `grace` seconds, and takes its files away."""
        self._ending.set()
        if self._process:
            await self._process.stop(grace)
        await self._over.wait()

    async def _attend(self, recipe: Recipe, process: Process) -> int:
        """Probes the container while it runs; its exit status."""
        log.info("%s: cloudflared runs as process %d, metrics at %s", self.name, process.pid, recipe.address)
        where = {"pod": self.name, "pid": process.pid, "address": recipe.address, "ports": dict(recipe.ports)}
        (self._folder / "pod.json").write_text(json.dumps(where))
        running = {"running": {"startedAt": _now()}}
        await self._show(running)
        probing = asyncio.create_task(self._probe(recipe, process, running))
        try:
            return await process.ended()
        finally:
            probing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await probing

    async def _probe(self, recipe: Recipe, process: Process, running: Object) -> None:
        startup, readiness, liveness = (
            probe_of(self._container, f"{kind}Probe", recipe.address, dict(recipe.ports))
            for kind in ("startup", "readiness", "liveness")
        )
        if startup:
            async for good in verdicts(startup, self._probing):
                if good:
                    break
                log.info("%s: does not start", self.name)
                await process.stop(self.grace)
        await self._show(running, started=True, ready=readiness is None)
        async with asyncio.TaskGroup() as group:
            if liveness:
                group.create_task(self._watch_life(liveness, process))
            if readiness:
                async for good in verdicts(readiness, self._probing):
                    await self._show(running, started=True, ready=good)

    async def _watch_life(self, liveness: Any, process: Process) -> None:
        async for good in verdicts(liveness, self._probing):
            if not good:
                log.info("%s: does not answer any longer", self.name)
                await process.stop(self.grace)

    @property
    def ending(self) -> bool:
        return self._ending.is_set()

    @property
    def over(self) -> bool:
        return self._over.is_set()

    @property
    def grace(self) -> float:
        """Seconds that its containers have to end in."""
        return self._pod["spec"].get("terminationGracePeriodSeconds", 30)

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._ending.wait(), seconds)

    async def _show(
        self, state: Object, *, started: bool = False, ready: bool = False, last: Object | None = None
    ) -> None:
        """Tells the cluster how the container is, and with it the pod."""
        if last is None and self._shown:
            last = self._shown["containerStatuses"][0]["lastState"].get("terminated")
        mine = {
            "name": self._container["name"],
            "image": self._container["image"],
            "imageID": "",
            "state": state,
            "lastState": {"terminated": last} if last else {},
            "restartCount": self._restarts,
            "started": started,
            "ready": ready,
        }
        # Others of the pod are not run here, and not waited for.
        others = [
            {**mine, "name": each["name"], "image": each["image"], "state": {}, "lastState": {}, "restartCount": 0}
            | {"started": True, "ready": True}
            for each in self._pod["spec"]["containers"]
            if each["name"] != self._container["name"]
        ]
        truth = "True" if ready else "False"
        conditions = {
            "PodReadyToStartContainers": "True",
            "Initialized": "True",
            "ContainersReady": truth,
            "Ready": truth,
        }
        before = {each["type"]: each for each in (self._shown or {}).get("conditions", [])}
        shown = {
            "phase": "Running",
            "containerStatuses": [mine, *others],
            "conditions": [
                before[kind]
                if kind in before and before[kind]["status"] == value
                else {"type": kind, "status": value, "lastTransitionTime": _now()}
                for kind, value in conditions.items()
            ],
        }
        if shown != self._shown:
            self._shown = shown
            await self._api.patch_status(self.path, shown)
        self.shown.set()


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
