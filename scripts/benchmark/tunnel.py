"""A tunnel in the sandbox with real connectors, during changes and failures."""

import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import psutil

from sandbox.edge.delays import EdgeDelays, from_environment, variable
from scripts.benchmark.load import Load, clients
from scripts.benchmark.measurement import sandbox, set_faults, stack_file
from scripts.benchmark.scale import ACCOUNT, ZONE

HOSTNAME = "load.example.com"
DELAYS = EdgeDelays(use=10, forget=10, rules=5)
"""As long as Cloudflare's engineers say; for rules, longer than connectors' logs show (a second or two)."""
LATE_RULES = 20.0
"""A delay of rules at which connections are used before their rules arrive."""
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
}
"""Planned changes: each is an `up` with these settings on top of the previous ones."""


QUICK_ROLLOUT: dict[str, Any] = {"connector": {"logLevel": "error", "minReadySeconds": 0}}
NEXT_ROLLOUT: dict[str, Any] = {"connector": {"logLevel": "info"}}


def delays() -> EdgeDelays:
    """The delays of the edge: the environment's, else `DELAYS`."""
    return from_environment({**_variables(DELAYS), **os.environ})


def rows(protocol: str, edge_delays: EdgeDelays) -> Iterator[tuple[str, Load]]:
    """Events with this `connector.protocol`, and the load during each.

    The planned changes, a killed connector and a failed edge address; then a rollout without `minReadySeconds`, and one
    with rules that arrive late. Raises RuntimeError where there is no cloudflared.
    """
    with tempfile.TemporaryDirectory(prefix="culvert-bench-") as name:
        folder = Path(name)
        env = {**os.environ, "CULVERT_SANDBOX_HOME": f"{folder}/home"} | _variables(edge_delays)
        settings = dict(SETTINGS)

        def up(change: Mapping[str, Any]) -> None:
            settings.update(change)
            connector = {**settings.get("connector", {}), "protocol": protocol}
            sandbox(env, "up", "--config", str(stack_file(folder, "load", {**settings, "connector": connector})))

        def under_load(event: Callable[[], None]) -> Load:
            return _under_load(sandbox(env, "status").report["frontend"], event, max(asdict(edge_delays).values()))

        try:
            up({})
            status = sandbox(env, "status").report
            if not status["cloudflared"]["path"]:
                raise RuntimeError("cloudflared is neither on the PATH nor named by CULVERT_CLOUDFLARED")
            for event, change in CHANGES.items():
                yield event, under_load(partial(up, change))
            yield "a connector is killed", under_load(lambda: _kill_one(folder / "home"))
            fail_address = partial(_fail_address, status["dashboard"], folder / "home")
            yield "an edge address fails", under_load(fail_address)
            yield "pods roll with minReadySeconds: 0", under_load(partial(up, QUICK_ROLLOUT))
            sandbox(env, "down")
            env |= _variables(edge_delays := replace(edge_delays, rules=LATE_RULES))
            up(NEXT_ROLLOUT)
            yield f"pods roll, rules arrive after {LATE_RULES:g} s", under_load(partial(up, CHANGES["pods roll"]))
        finally:
            sandbox(env, "down", "--delete")


def _variables(edge_delays: EdgeDelays) -> dict[str, str]:
    return {variable(name): f"{seconds:g}" for name, seconds in asdict(edge_delays).items()}


def _under_load(frontend: str, event: Callable[[], None], delay: float) -> Load:
    with clients(frontend, HOSTNAME, PAUSE) as load:
        time.sleep(MARGIN)
        event()
        time.sleep(delay + MARGIN)
    return load


def _kill_one(home: Path) -> None:
    """Kills one connector, as the failure of its node would, and waits for its replacement."""
    connectors = [process for process in psutil.process_iter(["name"]) if _is_connector(process, home)]
    connectors[0].kill()
    time.sleep(RECOVERY)


def _fail_address(dashboard: str, home: Path) -> None:
    """Fails an address that has connections, and restores it once these are connected to other addresses."""
    failed = _tunnel(dashboard)["connections"][0]["colo_name"]
    set_faults(dashboard, home, edge_down=[failed])
    deadline = time.monotonic() + 120
    while not _connected_elsewhere(failed, _tunnel(dashboard)):
        if time.monotonic() > deadline:
            raise RuntimeError(f"two minutes after {failed} failed, connectors still lack connections")
        time.sleep(0.2)
    set_faults(dashboard, home)


def _connected_elsewhere(location: str, tunnel: dict[str, Any]) -> bool:
    return tunnel["status"] == "healthy" and all(each["colo_name"] != location for each in tunnel["connections"])


def _tunnel(dashboard: str) -> dict[str, Any]:
    return httpx.get(f"{dashboard}state.json").json()["tunnels"][0]


def _is_connector(process: psutil.Process, home: Path) -> bool:
    try:
        return process.info["name"] == "cloudflared" and any(str(home) in value for value in process.environ().values())
    except psutil.Error:
        return False
