"""Connections of a tunnel: its status, its connectors, and dropping them."""

from tests.support.emulator import TUNNELS, Emulator, refusal


def test_the_status_follows_the_connections(emulator: Emulator) -> None:
    tunnel = emulator.tunnel()
    seen = [emulator.connect(tunnel, connectors) for connectors in ([], [4], [4, 1], [])]
    assert [each["status"] for each in seen] == ["inactive", "healthy", "degraded", "down"]
    assert [bool(each["conns_active_at"]) for each in seen] == [False, True, True, False]
    assert [bool(each["conns_inactive_at"]) for each in seen] == [True, False, False, True]
    assert len(seen[2]["connections"]) == 5


def test_the_connections_of_one_connector_are_dropped(emulator: Emulator) -> None:
    tunnel = emulator.tunnel()
    assert emulator.connect(tunnel, [4, 4])["status"] == "healthy"
    path = f"{TUNNELS}/{tunnel}/connections"
    first, second = emulator.done("GET", path)
    emulator.done("DELETE", f"{path}?client_id={first['id']}")
    assert [connector["id"] for connector in emulator.done("GET", path)] == [second["id"]]
    assert refusal(emulator.call("DELETE", f"{TUNNELS}/{tunnel}")) == (400, 1022)


def test_one_connector_is_read_by_its_id(emulator: Emulator) -> None:
    tunnel, other = emulator.tunnel(), emulator.tunnel("other")
    emulator.connect(tunnel, [4, 1])
    _, second = emulator.done("GET", f"{TUNNELS}/{tunnel}/connections")
    assert emulator.done("GET", f"{TUNNELS}/{tunnel}/connectors/{second['id']}") == second
    assert refusal(emulator.call("GET", f"{TUNNELS}/{other}/connectors/{second['id']}")) == (404, 1003)
