"""The emulator as a process: persistence, and concurrent writers."""

import asyncio
import os
import sqlite3
import stat
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.cloudflare import connections, edge_locations
from sandbox.cloudflare.app import build
from sandbox.cloudflare.resources import configurations, tunnels
from sandbox.cloudflare.store import Store
from sandbox.edge import routes
from tests.support.emulator import ACCOUNT, RECORDS, TUNNELS, Emulator, emulator_process, refusal

CONFIG = {"ingress": [{"hostname": "a.example.com", "service": "http://a:80"}, {"service": "http_status:404"}]}


def test_everything_but_faults_survives_a_restart_and_a_kill(tmp_path: Path) -> None:
    database = tmp_path / "cloudflare.sqlite3"
    with emulator_process(database) as first:
        first.seed()
        tunnel = first.tunnel()
        first.done("PUT", f"{TUNNELS}/{tunnel}/configurations", {"config": CONFIG})
        record = {"name": "a", "type": "CNAME", "content": f"{tunnel}.cfargotunnel.com", "proxied": True, "ttl": 1}
        first.done("POST", RECORDS, record)
        first.connect(tunnel, [4])
        first.owner("PUT", "/faults", {"rules": [{"path": "never"}], "edge_down": ["lo01"]})
        before, token = first.owner("GET", "/state"), first.token
        mark = first.owner("GET", "/calls")["mark"]
    with emulator_process(database) as second:
        second.token = token
        assert second.owner("GET", "/state") == before
        assert second.owner("GET", "/calls")["mark"] == mark
        assert second.owner("GET", "/faults")["rules"] == []
        assert edge_locations.down(Store(database)) == set()
        assert second.done("GET", f"{TUNNELS}/{tunnel}/configurations")["version"] == 1
        acknowledged = second.tunnel("acknowledged")
        os.kill(_process_of(tmp_path), 9)
    with emulator_process(database) as third:
        third.token = token
        assert third.done("GET", f"{TUNNELS}/{acknowledged}")["name"] == "acknowledged"


def _process_of(folder: Path) -> int:
    """The child process whose command line names the folder."""
    import psutil

    (found,) = (child.pid for child in psutil.Process().children() if str(folder) in " ".join(child.cmdline()))
    return found


def test_the_database_is_private_to_its_user(emulator: Emulator, tmp_path: Path) -> None:
    emulator.tunnel()
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.glob("cloudflare.sqlite3*")} == {0o600}


def test_without_an_owners_secret_the_owners_endpoints_refuse_all_calls(tmp_path: Path) -> None:
    async def statuses() -> list[int]:
        transport = httpx.ASGITransport(app=build(tmp_path / "cloudflare.sqlite3", admin_secret=""))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            headers = [{"Authorization": value} for value in ("Bearer", "Bearer x")]
            return [(await client.get("/sandbox/state", headers=each)).status_code for each in headers]

    assert asyncio.run(statuses()) == [401, 401]


def test_a_database_of_another_version_is_refused(tmp_path: Path) -> None:
    database = tmp_path / "cloudflare.sqlite3"
    with sqlite3.connect(database) as other:
        other.execute("PRAGMA user_version=99")
    with pytest.raises(sqlite3.DatabaseError, match="layout 99"):
        Store(database)


def test_of_two_concurrent_tunnels_with_one_name_one_is_created(emulator: Emulator) -> None:
    outcomes = _together(emulator, lambda number: ("POST", TUNNELS, {"name": f"t{number // 2}"}))
    assert outcomes == {200: 20, 409: 20}
    assert len(emulator.done("GET", f"{TUNNELS}?per_page=100")) == 20


def test_of_two_concurrent_records_with_one_host_one_is_created(emulator: Emulator) -> None:
    def record(number: int) -> tuple[str, str, Any]:
        body = {"name": f"h{number // 2}", "type": "CNAME", "content": f"t{number}.example.net", "ttl": 1}
        return "POST", RECORDS, body

    assert _together(emulator, record) == {200: 20, 400: 20}
    assert len(emulator.done("GET", RECORDS)) == 20


def test_concurrent_writes_of_a_configuration_each_raise_its_version(emulator: Emulator) -> None:
    path = f"{TUNNELS}/{emulator.tunnel()}/configurations"
    assert _together(emulator, lambda _: ("PUT", path, {"config": CONFIG})) == {200: 40}
    assert emulator.done("GET", path)["version"] == 40


def _together(emulator: Emulator, request: Any) -> Counter[int]:
    """Forty calls by four concurrent callers; the number of replies of each status."""
    statuses: list[int] = []

    def caller(start: int) -> None:
        with httpx.Client(base_url=emulator.http.base_url, timeout=30, trust_env=False) as client:
            mine = Emulator(client, emulator.admin_secret, emulator.token)
            statuses.extend(mine.call(*request(number)).status_code for number in range(start, 40, 4))

    threads = [threading.Thread(target=caller, args=(start,)) for start in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Counter(statuses)


def test_the_api_and_another_process_read_each_others_writes(emulator: Emulator, tmp_path: Path) -> None:
    tunnel = emulator.tunnel()
    emulator.done("PUT", f"{TUNNELS}/{tunnel}/configurations", {"config": CONFIG})
    target = f"{tunnel}.cfargotunnel.com"
    emulator.done("POST", RECORDS, {"name": "a", "type": "CNAME", "content": target, "proxied": True, "ttl": 1})
    emulator.done("POST", RECORDS, {"name": "b", "type": "CNAME", "content": target, "proxied": False, "ttl": 1})
    edge = Store(tmp_path / "cloudflare.sqlite3")
    row, current = tunnels.find(edge, tunnel), configurations.current(edge, tunnel)
    assert row is not None
    assert current is not None
    assert row["account"] == ACCOUNT
    assert tunnels.connector_token(row) == emulator.done("GET", f"{TUNNELS}/{tunnel}/token")
    assert current["config"]["ingress"] == CONFIG["ingress"]
    assert [routes.resolve(edge, f"{name}.example.com").tunnel for name in "ab"] == [row, None]
    connector = connections.Connector(version="2026.10.0")
    opened = [connections.open_connection(edge, tunnel, connector) for _ in range(4)]
    assert emulator.done("GET", f"{TUNNELS}/{tunnel}")["status"] == "healthy"
    assert refusal(emulator.call("DELETE", f"{TUNNELS}/{tunnel}")) == (400, 1022)
    connections.close(edge, tunnel, connection=opened[0])
    assert emulator.done("GET", f"{TUNNELS}/{tunnel}")["status"] == "degraded"
    connections.close(edge, tunnel)
    assert emulator.done("GET", f"{TUNNELS}/{tunnel}")["status"] == "down"
    edge.close()
