"""One pod of the connector: its container is started, probed, restarted and terminated."""

import asyncio
import contextlib
import json
import logging
import shutil
from pathlib import Path

import httpx

from sandbox.kubelet.cluster_api import ClusterApi, Object
from sandbox.kubelet.container_logs import log_file
from sandbox.kubelet.probes import Probe, probe_of, probe_results
from sandbox.kubelet.process import Process
from sandbox.kubelet.process_spec import HostEnvironment, ProcessSpec, build_process_spec, container_of
from sandbox.kubelet.status import PodStatus, now
from sandbox.kubelet.volumes import VolumeSourceMissing

_RETRY = 1.0
_BACK_OFF, _MAX_BACK_OFF = 10.0, 300.0
"""Seconds between restarts: none before the first, then these, doubled each time, as a kubelet does."""
_BACK_OFF_RESET = 600.0
"""Seconds of running after which the back-off begins anew."""
log = logging.getLogger(__name__)


class Pod:
    """One pod. `run` keeps its container running; `terminate` ends that."""

    def __init__(
        self, pod: Object, api: ClusterApi, probe_client: httpx.AsyncClient, host: HostEnvironment, home: Path
    ) -> None:
        metadata = pod["metadata"]
        self.name = f"{metadata['namespace']}/{metadata['name']}"
        self.grace_period: float = pod["spec"].get("terminationGracePeriodSeconds", 30)
        """Seconds between SIGTERM and SIGKILL."""
        self._pod, self._api, self._probe_client, self._host, self._home = pod, api, probe_client, host, home
        self._folder = home / "connectors" / metadata["uid"]
        self._log = log_file(home, metadata["namespace"], metadata["name"])
        self._container = container_of(pod)
        path = f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}"
        self.status = PodStatus(pod, self._container, path, api, rollouts_wait=host.rollouts_wait)
        for status in pod["status"].get("containerStatuses", []):
            if status["name"] == self._container["name"] and "running" in status.get("state", {}):
                self.status.container.restarts = status["restartCount"] + 1  # an earlier run of the sandbox ran it
        self.process: Process | None = None
        """The container that runs, or ran last."""
        self._terminating = asyncio.Event()
        self._terminated = asyncio.Event()

    @property
    def terminating(self) -> bool:
        return self._terminating.is_set()

    @property
    def terminated(self) -> bool:
        return self._terminated.is_set()

    async def run(self) -> None:
        """Keeps the container running until `terminate`."""
        publishing = asyncio.create_task(self.status.publish_changes())
        try:
            await self._keep_running()
        finally:
            publishing.cancel()
            shutil.rmtree(self._folder, ignore_errors=True)
            self._terminated.set()

    async def terminate(self, grace_period: float) -> None:
        """Sends SIGTERM to the container, SIGKILL after `grace_period` seconds, and removes the pod's files."""
        self._terminating.set()
        if self.process:
            await self.process.stop(grace_period)
        await self._terminated.wait()

    async def _keep_running(self) -> None:
        clock = asyncio.get_running_loop().time
        back_off = 0.0
        while not self.terminating:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                spec = await build_process_spec(self._api, self._pod, self._folder, self._host)
                self.process = await Process.start(spec.command, spec.environment, self._folder, self._log, self._home)
            except (VolumeSourceMissing, OSError, httpx.HTTPError) as error:
                self.status.set({"waiting": {"reason": "CreateContainerConfigError", "message": str(error)}})
                await self._sleep(_RETRY)
                continue
            if self.terminating:
                self.process.kill()
            started = clock()
            exit_status = await self._run_process(spec, self.process)
            if self.terminating:
                return
            back_off = 0.0 if clock() - started > _BACK_OFF_RESET else back_off
            log.info("%s: cloudflared exited (%d), restarting in %d seconds", self.name, exit_status, back_off)
            container = self.status.container
            container.restarts += 1
            # After a signal, the exit code of a container is 128 and the signal's number.
            code = 128 - exit_status if exit_status < 0 else exit_status
            container.last = {"exitCode": code, "reason": "Error" if code else "Completed", "finishedAt": now()}
            self.status.set({"waiting": {"reason": "CrashLoopBackOff"}})
            await self._sleep(back_off)
            back_off = min(max(_BACK_OFF, 2 * back_off), _MAX_BACK_OFF)

    async def _run_process(self, spec: ProcessSpec, process: Process) -> int:
        """Probes the container while it runs; its exit status."""
        log.info("%s: cloudflared runs as process %d at %s", self.name, process.pid, spec.address)
        summary = {"pod": self.name, "pid": process.pid, "address": spec.address, "ports": dict(spec.ports)}
        (self._folder / "pod.json").write_text(json.dumps(summary))
        running = {"running": {"startedAt": now()}}
        self.status.set(running)
        probing = asyncio.create_task(self._probe(spec, process, running))
        try:
            return await process.wait()
        finally:
            probing.cancel()
            await asyncio.gather(probing, return_exceptions=True)

    async def _probe(self, spec: ProcessSpec, process: Process, running: Object) -> None:
        startup, readiness, liveness = (
            probe_of(self._container, f"{kind}Probe", spec.address, dict(spec.ports))
            for kind in ("startup", "readiness", "liveness")
        )
        if startup and not await anext(probe_results(startup.asked_often(), self._probe_client)):
            log.info("%s: the startup probe fails", self.name)
            await process.stop(self.grace_period)
            return
        self.status.set(running, started=True, ready=readiness is None)
        async with asyncio.TaskGroup() as group:
            if readiness:
                group.create_task(self._follow_readiness(readiness, running))
            if liveness:
                group.create_task(self._follow_liveness(liveness, process))

    async def _follow_readiness(self, probe: Probe, running: Object) -> None:
        async for success in probe_results(probe, self._probe_client):
            self.status.set(running, started=True, ready=success)

    async def _follow_liveness(self, probe: Probe, process: Process) -> None:
        async for success in probe_results(probe, self._probe_client):
            if not success:
                log.info("%s: the liveness probe fails", self.name)
                await process.stop(self.grace_period)
                return

    async def _sleep(self, seconds: float) -> None:
        """Sleeps, or returns early where the pod is terminated."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._terminating.wait()
