"""What the cluster is told of a pod: the status that a kubelet would write."""

import asyncio
import contextlib
import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx

from sandbox.kubelet.cluster_api import ClusterApi, Object

_RETRY = 1.0
log = logging.getLogger(__name__)


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass
class Container:
    """How the container that we run is: `state` and `last` in the shapes of `state` and `lastState.terminated`."""

    state: Object = field(default_factory=dict)
    started: bool = False
    ready: bool = False
    restarts: int = 0
    last: Object | None = None


class Status:
    """Keeps a pod's status in the cluster as it was last set here, through interruptions of the API server."""

    def __init__(self, pod: Object, container: Object, path: str, api: ClusterApi) -> None:
        self.told = asyncio.Event()
        """Set once the cluster has been told anything."""
        self.container = Container()
        self._pod, self._container, self._path, self._api = pod, container, path, api
        self._changed = asyncio.Event()
        self._conditions: dict[str, Object] = {}

    def set(self, state: Object, *, started: bool = False, ready: bool = False) -> None:
        self.container.state, self.container.started, self.container.ready = state, started, ready
        self._changed.set()

    async def keep(self) -> None:
        """Tells the cluster of each change, until cancelled."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            try:
                await self._api.patch_status(self._path, self._whole())
            except httpx.HTTPError as mistake:
                log.warning("the API server does not take %s: %s", self._path, mistake)
                self._changed.set()
                await asyncio.sleep(_RETRY)
            else:
                self.told.set()

    def _whole(self) -> Object:
        ours = self.container
        mine = {
            "name": self._container["name"],
            "image": self._container["image"],
            "imageID": "",
            "state": ours.state,
            "lastState": {"terminated": ours.last} if ours.last else {},
            "restartCount": ours.restarts,
            "started": ours.started,
            "ready": ours.ready,
        }
        # Other containers of the pod are not run here, and not waited for.
        idle = {"imageID": "", "state": {}, "lastState": {}, "restartCount": 0, "started": True, "ready": True}
        others = [
            {"name": each["name"], "image": each["image"], **idle}
            for each in self._pod["spec"]["containers"]
            if each["name"] != mine["name"]
        ]
        for kind, holds in (
            ("PodReadyToStartContainers", True),
            ("Initialized", True),
            ("ContainersReady", ours.ready),
            ("Ready", ours.ready),
        ):
            value = "True" if holds else "False"
            with contextlib.suppress(KeyError):
                if self._conditions[kind]["status"] == value:
                    continue
            self._conditions[kind] = {"type": kind, "status": value, "lastTransitionTime": now()}
        return {
            "phase": "Running",
            "containerStatuses": [mine, *others],
            "conditions": list(self._conditions.values()),
        }
