"""A tunnel in the sandbox with real connectors, during changes and failures."""

import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import psutil

from clients.kubernetes import KubernetesApi
from sandbox.cluster.embedded import kubeconfig
from sandbox.edge.delays import EdgeDelays, from_environment, variable
from scripts.benchmark.load import Load, clients
from scripts.benchmark.measurement import sandbox, set_faults, stack_file
from scripts.benchmark.scale import ACCOUNT, ZONE

HOSTNAME = "load.example.com"
DELAYS = EdgeDelays(use=10, forget=10, rules=5)
"""As long as Cloudflare's engineers say; for rules, longer than connectors' logs show (a second or two)."""
MARGIN = 3.0
"""Seconds of load before an event, and after the delays that follow it."""
PAUSE = 0.02
"""Seconds between a client's requests, so that clients, edge and connectors share a small machine."""
RECOVERY = 15.0
"""Seconds in which connections come back after a kill, whose end cannot be observed."""
SETTINGS: dict[str, Any] = {
    "accountId": ACCOUNT,
    "zones": {"example.com": ZONE},
    "namespace": "load",
    "sampleSite": True,
    "routes": [{"hostname": HOSTNAME, "service": "http://blog"}],
}
CHANGES: dict[str, dict[str, Any]] = {
    "pods roll": {"connector": {"logLevel": "warn"}},
    "the secret rotates": {"token": {"epoch": 2}},
    "a rule changes": {
        "routes": [*SETTINGS["routes"], {"hostname": HOSTNAME, "path": "/status", "service": "http_status:204"}]
    },
    "a route moves to another Service": {"routes": [{"hostname": HOSTNAME, "service": "http://next.shop"}]},
}
"""Planned changes: each is an `up` with these settings on top of the previous ones."""
NEXT: dict[str, Any] = {
    "metadata": {"name": "next", "namespace": "shop"},
    "spec": {
        "selector": {"matchLabels": {"app.kubernetes.io/name": "next"}},
        "template": {
            "metadata": {"labels": {"app.kubernetes.io/name": "next"}},
            "spec": {"containers": [{"name": "next", "image": "next"}]},
        },
    },
}
"""Deployment behind the Service that the route moves to."""
SLOWER = 2
"""How many times slower the edge is in the last rollouts."""
LATE_RULES = 20.0
"""A delay of rules, in seconds, at which connections are used before their rules arrive."""


def delays() -> EdgeDelays:
    """The delays of the edge: the environment's, else `DELAYS`."""
    return from_environment({**_variables(DELAYS), **os.environ})


def rows(protocol: str, edge: EdgeDelays) -> Iterator[tuple[str, Load]]:
    """Events with this `connector.protocol`, and the load during each.

    The planned changes, a killed connector and a failed edge address; then rollouts with a slower edge, with the
    default `minReadySeconds` and with none, and one with rules that arrive late. Raises RuntimeError where there is no
    cloudflared.
    """
    with _tunnel_in_sandbox(protocol) as tunnel:
        tunnel.restart(edge)
        tunnel.create_next()
        for event, change in CHANGES.items():
            yield event, tunnel.under_load(partial(tunnel.up, change))
        yield "a connector is killed", tunnel.under_load(tunnel.kill_one)
        yield "an edge address fails", tunnel.under_load(tunnel.fail_address)
        slower = EdgeDelays(**{name: SLOWER * seconds for name, seconds in asdict(edge).items()})
        tunnel.restart(slower)
        yield f"pods roll, {slower.use:g} s until a connection is used", tunnel.roll()
        yield "the same with `minReadySeconds: 0`", tunnel.roll(minReadySeconds=0)
        tunnel.restart(replace(edge, rules=LATE_RULES))
        yield f"pods roll, {LATE_RULES:g} s until rules arrive", tunnel.roll()


@contextmanager
def _tunnel_in_sandbox(protocol: str) -> Iterator["_Tunnel"]:
    with tempfile.TemporaryDirectory(prefix="culvert-bench-") as folder:
        tunnel = _Tunnel(Path(folder), protocol)
        try:
            yield tunnel
        finally:
            sandbox(tunnel.env, "down", "--delete")


class _Tunnel:
    """A stack in a sandbox of its own."""

    def __init__(self, folder: Path, protocol: str) -> None:
        self._folder, self._home = folder, folder / "home"
        self.env = {**os.environ, "CULVERT_SANDBOX_HOME": str(self._home)}
        self._settings: dict[str, Any] = {**SETTINGS, "connector": {"protocol": protocol}}
        self._rollouts = 0
        self._frontend = self._dashboard = ""
        self._delays = EdgeDelays()

    def restart(self, edge: EdgeDelays) -> None:
        """Starts the sandbox, or starts it again, with these delays and the default `minReadySeconds`."""
        sandbox(self.env, "down")
        self._delays = edge
        self.env |= _variables(edge)
        self._settings["connector"].pop("minReadySeconds", None)
        self.up({})
        status = sandbox(self.env, "status").report
        if not status["cloudflared"]["path"]:
            raise RuntimeError("cloudflared is neither on the PATH nor named by CULVERT_CLOUDFLARED")
        self._frontend, self._dashboard = status["frontend"], status["dashboard"]
        time.sleep(max(asdict(edge).values()))  # of connections that were made anew

    def create_next(self) -> None:
        """Creates the pods behind the Service that the route moves to."""
        api = KubernetesApi(str(kubeconfig(self._home)))
        namespace = NEXT["metadata"]["namespace"]
        api.create("/api/v1/namespaces", {"metadata": {"name": namespace}})
        api.create(f"/apis/apps/v1/namespaces/{namespace}/deployments", NEXT)

    def up(self, change: Mapping[str, Any]) -> None:
        """An `up` with these settings on top of the previous ones; `connector` is merged."""
        connector = {**self._settings["connector"], **change.get("connector", {})}
        self._settings |= {**change, "connector": connector}
        sandbox(self.env, "up", "--config", str(stack_file(self._folder, "load", self._settings)))

    def roll(self, **connector: Any) -> Load:
        """The load while pods roll, with these options of the connector."""
        self._rollouts += 1
        annotations = {"podAnnotations": {"example.com/rollout": str(self._rollouts)}}
        return self.under_load(partial(self.up, {"connector": {**annotations, **connector}}))

    def under_load(self, event: Callable[[], None]) -> Load:
        with clients(self._frontend, HOSTNAME, PAUSE) as load:
            time.sleep(MARGIN)
            event()
            time.sleep(max(asdict(self._delays).values()) + MARGIN)
        return load

    def kill_one(self) -> None:
        """Kills one connector, as the failure of its node would, and waits for its replacement."""
        connectors = [process for process in psutil.process_iter(["name"]) if _is_connector(process, self._home)]
        connectors[0].kill()
        time.sleep(RECOVERY)

    def fail_address(self) -> None:
        """Fails an address that has connections, and restores it once these are connected to other addresses."""
        failed = self._state()["connections"][0]["colo_name"]
        set_faults(self._dashboard, self._home, edge_down=[failed])
        deadline = time.monotonic() + 120
        while not _connected_elsewhere(failed, self._state()):
            if time.monotonic() > deadline:
                raise RuntimeError(f"two minutes after {failed} failed, connectors still lack connections")
            time.sleep(0.2)
        set_faults(self._dashboard, self._home)

    def _state(self) -> dict[str, Any]:
        return httpx.get(f"{self._dashboard}state.json").json()["tunnels"][0]


def _variables(edge: EdgeDelays) -> dict[str, str]:
    return {variable(name): f"{seconds:g}" for name, seconds in asdict(edge).items()}


def _connected_elsewhere(location: str, tunnel: dict[str, Any]) -> bool:
    return tunnel["status"] == "healthy" and all(each["colo_name"] != location for each in tunnel["connections"])


def _is_connector(process: psutil.Process, home: Path) -> bool:
    try:
        return process.info["name"] == "cloudflared" and any(str(home) in value for value in process.environ().values())
    except psutil.Error:
        return False
