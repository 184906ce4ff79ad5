"""A tunnel in the sandbox with real connectors, while things happen to it."""

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import psutil

from scripts.benchmark.load import Load, visitors
from scripts.benchmark.measured import sandbox, set_faults, stack_file
from scripts.benchmark.scale import ACCOUNT, ZONE

HOSTNAME = "load.example.com"
AROUND = 3.0
"""Seconds of load before and after; an event whose end nobody is told of gets as long as connections take to come back."""
RECOVERY = 15.0
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
"""What is planned: each an `up` with these settings on top of the ones before."""


def rows(protocol: str) -> Iterator[tuple[str, Load]]:
    """Everything that is planned, then a connector killed and an edge address gone, with this `connector.protocol`. Raises
    RuntimeError where there is no cloudflared."""
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
                raise RuntimeError("no cloudflared: put it on the PATH, or name it with CULVERT_CLOUDFLARED")
            for event, change in CHANGES.items():
                settings |= change
                yield event, _under_load(status["frontend"], up)
            yield "a connector is killed", _under_load(status["frontend"], lambda: _kill_one(folder / "home"))
            leave = partial(_take_address_away, status["dashboard"], folder / "home")
            yield "an edge address goes away", _under_load(status["frontend"], leave)
        finally:
            sandbox(env, "down", "--delete")


def _under_load(front: str, event: Callable[[], None]) -> Load:
    with visitors(front, HOSTNAME) as load:
        time.sleep(AROUND)
        event()
        time.sleep(AROUND)
    return load


def _kill_one(home: Path) -> None:
    """Kills one connector as a node that dies would, and waits until another has had the time to take its place."""
    connectors = [process for process in psutil.process_iter(["name"]) if _is_connector(process, home)]
    connectors[0].kill()
    time.sleep(RECOVERY)


def _take_address_away(page: str, home: Path) -> None:
    """Takes an address away that connections are held at, and gives it back once they are held at others."""
    gone = _tunnel(page)["connections"][0]["colo_name"]
    set_faults(page, home, edge_down=[gone])
    deadline = time.monotonic() + 120
    while not _held_without(gone, _tunnel(page)):
        if time.monotonic() > deadline:
            raise RuntimeError(f"two minutes after {gone} went away, connectors still miss connections")
        time.sleep(0.2)
    set_faults(page, home)


def _held_without(location: str, tunnel: dict[str, Any]) -> bool:
    return tunnel["status"] == "healthy" and all(each["colo_name"] != location for each in tunnel["connections"])


def _tunnel(page: str) -> dict[str, Any]:
    return httpx.get(f"{page}state.json").json()["tunnels"][0]


def _is_connector(process: psutil.Process, home: Path) -> bool:
    try:
        return process.info["name"] == "cloudflared" and any(str(home) in value for value in process.environ().values())
    except psutil.Error:
        return False
