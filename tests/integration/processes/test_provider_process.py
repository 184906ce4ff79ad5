"""The stand-ins as a process: port file, selection of providers, and termination."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from google.protobuf import empty_pb2

from tests.support.plugin_client import PluginError, connect
from tests.support.recorded_program import ACCOUNT, TUNNEL


@contextmanager
def process(port_file: Path, *arguments: str, **env: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, int]]]:
    command = [sys.executable, "-m", "sandbox.providers", "--port-file", str(port_file), *arguments]
    started = subprocess.Popen(command, env={**os.environ, **env}, stderr=subprocess.PIPE, text=True)
    try:
        while not port_file.exists() and started.poll() is None:
            time.sleep(0.02)
        yield started, json.loads(port_file.read_text()) if port_file.exists() else {}
    finally:
        started.terminate()
        started.communicate()


def test_each_provider_has_its_own_port_and_the_plugins_version(tmp_path: Path) -> None:
    with process(tmp_path / "ports.json") as (_, ports):
        assert sorted(ports) == ["cloudflare", "kubernetes", "random"]
        assert len(set(ports.values())) == 3
        with connect(ports["cloudflare"]) as plugin:
            assert plugin.call("GetPluginInfo", empty_pb2.Empty()).version.startswith("6.")


def test_only_the_selected_providers_are_served(tmp_path: Path) -> None:
    with process(tmp_path / "ports.json", "--only", "random") as (_, ports):
        assert list(ports) == ["random"]


def test_an_unknown_provider_is_refused(tmp_path: Path) -> None:
    with process(tmp_path / "ports.json", "--only", "random,aws") as (started, ports):
        assert ports == {}
        assert started.wait() == 2
        assert started.stderr
        assert "no such provider: aws; must be one of cloudflare, kubernetes, random" in started.stderr.read()


def test_it_terminates_although_a_call_is_waiting(tmp_path: Path) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        base_url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        served = process(tmp_path / "ports.json", "--only", "cloudflare", CLOUDFLARE_BASE_URL=base_url)
        with served as (started, ports), ThreadPoolExecutor(1) as pool, connect(ports["cloudflare"]) as plugin:
            waits = pool.submit(plugin.create, TUNNEL, {"accountId": ACCOUNT, "name": "slow"})
            silent.accept()
            started.terminate()
            assert started.wait(timeout=20) == 0
            assert isinstance(waits.exception(), PluginError)
