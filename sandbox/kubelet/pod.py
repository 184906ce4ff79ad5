"""The life of one connector's pod: started, probed, restarted, and ended when the cluster says so."""

import asyncio
import contextlib
import json
import logging
import shutil
from pathlib import Path

import httpx

from sandbox.kubelet.cluster_api import ClusterApi, Object
from sandbox.kubelet.probes import Probe, probe_of, verdicts
from sandbox.kubelet.process import Process
from sandbox.kubelet.process_spec import Recipe, Surroundings, container_of, prepare
from sandbox.kubelet.status import Status, now
from sandbox.kubelet.volumes import Missing

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
        self.name = f"{meta['namespace']}/{meta['name']}"
        self.grace: float = pod["spec"].get("terminationGracePeriodSeconds", 30)
        """Seconds that its containers have to end in."""
        self._pod, self._api, self._probing, self._around, self._home = pod, api, probing, around, home
        self._folder = home / "connectors" / meta["uid"]
        self._log = home / "logs" / f"connector-{meta['namespace']}-{meta['name']}.log"
        self._container = container_of(pod)
        path = f"/api/v1/namespaces/{meta['namespace']}/pods/{meta['name']}"
        self.status = Status(pod, self._container, path, api)
        for status in pod["status"].get("containerStatuses", []):
            if status["name"] == self._container["name"] and "running" in status.get("state", {}):
                self.status.container.restarts = status["restartCount"] + 1  # it ran for an earlier run of ours
        self._process: Process | None = None
        self._ending = asyncio.Event()
        self._over = asyncio.Event()

    @property
    def ending(self) -> bool:
        return self._ending.is_set()

    @property
    def over(self) -> bool:
        return self._over.is_set()

    async def run(self) -> None:
        """Keeps the container running until `end`."""
        telling = asyncio.create_task(self.status.keep())
        try:
            await self._keep_running()
        finally:
            telling.cancel()
            shutil.rmtree(self._folder, ignore_errors=True)
            self._over.set()

    async def end(self, grace: float) -> None:
        """Asks the container to end, kills it after `grace` seconds, and takes its files away."""
        self._ending.set()
        if self._process:
            await self._process.stop(grace)
        await self._over.wait()

    async def _keep_running(self) -> None:
        clock = asyncio.get_running_loop().time
        wait = 0.0
        while not self.ending:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                recipe = await prepare(self._api, self._pod, self._folder, self._around)
                self._process = await Process.start(
                    recipe.command, recipe.environment, self._folder, self._log, self._home
                )
            except (Missing, OSError, httpx.HTTPError) as reason:
                self.status.set({"waiting": {"reason": "CreateContainerConfigError", "message": str(reason)}})
                await self._pause(_RETRY)
                continue
            if self.ending:
                self._process.kill()
            began = clock()
            exit_status = await self._attend(recipe, self._process)
            if self.ending:
                return
            wait = 0.0 if clock() - began > _LONG else wait
            log.info("%s: cloudflared ended (%d); again in %d seconds", self.name, exit_status, wait)
            container = self.status.container
            container.restarts += 1
            # Ended by a signal, a container shows 128 and the signal's number.
            code = 128 - exit_status if exit_status < 0 else exit_status
            container.last = {"exitCode": code, "reason": "Error" if code else "Completed", "finishedAt": now()}
            self.status.set({"waiting": {"reason": "CrashLoopBackOff"}})
            await self._pause(wait)
            wait = min(max(_BACK_OFF, 2 * wait), _LONGEST_BACK_OFF)

    async def _attend(self, recipe: Recipe, process: Process) -> int:
        """Probes the container while it runs; its exit status."""
        log.info("%s: cloudflared runs as process %d, at %s", self.name, process.pid, recipe.address)
        where = {"pod": self.name, "pid": process.pid, "address": recipe.address, "ports": dict(recipe.ports)}
        (self._folder / "pod.json").write_text(json.dumps(where))
        running = {"running": {"startedAt": now()}}
        self.status.set(running)
        probing = asyncio.create_task(self._probe(recipe, process, running))
        try:
            return await process.ended()
        finally:
            probing.cancel()
            await asyncio.gather(probing, return_exceptions=True)

    async def _probe(self, recipe: Recipe, process: Process, running: Object) -> None:
        startup, readiness, liveness = (
            probe_of(self._container, f"{kind}Probe", recipe.address, dict(recipe.ports))
            for kind in ("startup", "readiness", "liveness")
        )
        if startup and not await anext(verdicts(startup, self._probing)):
            log.info("%s: does not start", self.name)
            await process.stop(self.grace)
            return
        self.status.set(running, started=True, ready=readiness is None)
        async with asyncio.TaskGroup() as group:
            if readiness:
                group.create_task(self._watch_readiness(readiness, running))
            if liveness:
                group.create_task(self._watch_life(liveness, process))

    async def _watch_readiness(self, probe: Probe, running: Object) -> None:
        async for good in verdicts(probe, self._probing):
            self.status.set(running, started=True, ready=good)

    async def _watch_life(self, probe: Probe, process: Process) -> None:
        async for good in verdicts(probe, self._probing):
            if not good:
                log.info("%s: does not answer any longer", self.name)
                await process.stop(self.grace)
                return

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._ending.wait()
