"""A tunnel in the sandbox with real connectors, during changes and failures."""

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import psutil

from scripts.benchmark.load import Load, clients
from scripts.benchmark.measurement import sandbox, set_faults, stack_file
from scripts.benchmark.scale import ACCOUNT, ZONE

HOSTNAME = "load.example.com"
MARGIN = 3.0
"""Seconds of load before and after an event."""
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


def rows(protocol: str) -> Iterator[tuple[str, Load]]:
    """The planned changes, then a killed connector and a failed edge address, with this `connector.protocol`.

    Raises RuntimeError where there is no cloudflared.
    """
    with tempfile.TemporaryDirectory(prefix="culvert-bench-") as name:
        folder = Path(name)
        env = {**os.environ, "CULVERT_SANDBOX_HOME": f"{folder}/home"}
        settings = dict(SETTINGS)

        def up() -> None:
            connector = {**settings.get("connector", {}), "protocol": protocol}
            sandbox(env, "up", "--config", str(stack_file(folder, "load", {**settings, "connector": connector})))

        try:
            up()
            status = sandbox(env, "status").report
            if not status["cloudflared"]["path"]:
                raise RuntimeError("cloudflared is neither on the PATH nor named by CULVERT_CLOUDFLARED")
            for event, change in CHANGES.items():
                settings |= change
                yield event, _under_load(status["frontend"], up)
            yield "a connector is killed", _under_load(status["frontend"], lambda: _kill_one(folder / "home"))
            fail_address = partial(_fail_address, status["dashboard"], folder / "home")
            yield "an edge address fails", _under_load(status["frontend"], fail_address)
        finally:
            sandbox(env, "down", "--delete")


def _under_load(frontend: str, event: Callable[[], None]) -> Load:
    with clients(frontend, HOSTNAME) as load:
        time.sleep(MARGIN)
        event()
        time.sleep(MARGIN)
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
