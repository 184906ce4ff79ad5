"""A pod's status in the cluster, as a kubelet writes it."""

import asyncio
import contextlib
import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx

from sandbox.cluster.kwok_stages import READY_SINCE
from sandbox.kubelet.cluster_api import ClusterApi, Object

_RETRY = 1.0
log = logging.getLogger(__name__)


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass
class ContainerState:
    """State of the cloudflared container: `state` and `last` in the shapes of `state` and `lastState.terminated`."""

    state: Object = field(default_factory=dict)
    started: bool = False
    ready: bool = False
    restarts: int = 0
    last: Object | None = None


class PodStatus:
    """Publishes a pod's status to the cluster, through interruptions of the API server.

    Unless `rollouts_wait`, a ready pod claims to be ready since long ago, and rollouts ignore `minReadySeconds`.
    """

    def __init__(
        self, pod: Object, container: Object, path: str, api: ClusterApi, *, rollouts_wait: bool = False
    ) -> None:
        self.published = asyncio.Event()
        """Set once a status has been published."""
        self.container = ContainerState()
        self._pod, self._container, self._path, self._api = pod, container, path, api
        self._rollouts_wait = rollouts_wait
        self._changed = asyncio.Event()
        self._conditions: dict[str, Object] = {}

    def set(self, state: Object, *, started: bool = False, ready: bool = False) -> None:
        self.container.state, self.container.started, self.container.ready = state, started, ready
        self._changed.set()

    async def publish_changes(self) -> None:
        """Publishes each change until cancelled."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            try:
                await self._api.patch_status(self._path, self._status())
            except httpx.HTTPError as error:
                log.warning("the API server does not accept the status of %s: %s", self._path, error)
                self._changed.set()
                await asyncio.sleep(_RETRY)
            else:
                self.published.set()

    def _status(self) -> Object:
        current = self.container
        cloudflared = {
            "name": self._container["name"],
            "image": self._container["image"],
            "imageID": "",
            "state": current.state,
            "lastState": {"terminated": current.last} if current.last else {},
            "restartCount": current.restarts,
            "started": current.started,
            "ready": current.ready,
        }
        # Other containers of the pod are not run here; they count as ready.
        simulated = {"imageID": "", "state": {}, "lastState": {}, "restartCount": 0, "started": True, "ready": True}
        others = [
            {"name": container["name"], "image": container["image"], **simulated}
            for container in self._pod["spec"]["containers"]
            if container["name"] != cloudflared["name"]
        ]
        for kind, holds in (
            ("PodReadyToStartContainers", True),
            ("Initialized", True),
            ("ContainersReady", current.ready),
            ("Ready", current.ready),
        ):
            value = "True" if holds else "False"
            with contextlib.suppress(KeyError):
                if self._conditions[kind]["status"] == value:
                    continue
            since = READY_SINCE if kind == "Ready" and holds and not self._rollouts_wait else now()
            self._conditions[kind] = {"type": kind, "status": value, "lastTransitionTime": since}
        return {
            "phase": "Running",
            "containerStatuses": [cloudflared, *others],
            "conditions": list(self._conditions.values()),
        }
