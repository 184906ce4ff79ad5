"""The live connections of a tunnel's connectors.

Whoever carries them (an edge, or a test) opens and closes them here, in this process or another; the API lists them and
drops them.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sandbox.cloudflare import ids
from sandbox.cloudflare.store import Row, Store

LOCATIONS = tuple(f"lo{number:02d}" for number in range(1, 7))
"""The edge's addresses, by the names under which their connections are listed."""


@dataclass(frozen=True)
class Connector:
    """One running connector: its UUID, version, architecture, features and address."""

    id: str = field(default_factory=ids.new_uuid)
    version: str = "2026.7.3"
    arch: str = "linux_amd64"
    features: tuple[str, ...] = ()
    origin_ip: str = "127.0.0.1"


def open_connection(store: Store, tunnel: str, connector: Connector, colo: str = "lo01") -> str:
    """Notes one more connection of this connector; gives its UUID."""
    number, moment = ids.new_uuid(), ids.now()
    with store.transaction():
        features = json.dumps(connector.features)
        values = (number, tunnel, connector.id, connector.version, connector.arch, features, colo, connector.origin_ip)
        store.run("INSERT INTO connections VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)", *values, moment)
        activate = "UPDATE tunnels SET active_since = coalesce(active_since, ?), inactive_since = NULL WHERE id = ?"
        store.run(activate, moment, tunnel)
    return number


def applied(store: Store, connection: str, config_version: int) -> None:
    """Notes which version of the rules the connector behind a connection says it runs."""
    store.run("UPDATE connections SET config_version = ? WHERE id = ?", config_version, connection)


def close(store: Store, tunnel: str, *, connector: str | None = None, connection: str | None = None) -> int:
    """Drops a tunnel's connections: all of them, one connector's, or one. Gives how many there were."""
    with store.transaction():
        dropped = store.run(
            "DELETE FROM connections WHERE tunnel = ? AND connector = coalesce(?, connector) AND id = coalesce(?, id)",
            tunnel,
            connector,
            connection,
        )
        left = store.one("SELECT 1 FROM connections WHERE tunnel = ?", tunnel)
        if dropped and not left:
            store.run("UPDATE tunnels SET active_since = NULL, inactive_since = ? WHERE id = ?", ids.now(), tunnel)
    return dropped


def of_tunnel(store: Store, tunnel: str) -> list[Row]:
    return store.all("SELECT * FROM connections WHERE tunnel = ? ORDER BY opened", tunnel)


def shown(row: Row) -> dict[str, Any]:
    """One connection as the API shows it."""
    return {
        "id": row["id"],
        "uuid": row["id"],
        "client_id": row["connector"],
        "client_version": row["version"],
        "colo_name": row["colo"],
        "is_pending_reconnect": False,
        "opened_at": row["opened"],
        "origin_ip": row["origin_ip"],
    }


def away(store: Store) -> set[str]:
    """The edge's addresses that are taken away."""
    return {row["location"] for row in store.all("SELECT location FROM locations_away")}


def take_away(store: Store, locations: Iterable[str]) -> None:
    """Takes these addresses of the edge away, and gives all others back; the edge follows."""
    with store.transaction():
        store.run("DELETE FROM locations_away")
        for location in set(locations):
            store.run("INSERT INTO locations_away VALUES (?)", location)


def by_connector(rows: list[Row], config_version: int) -> list[dict[str, Any]]:
    """The connections, grouped as `GET …/connections` shows them.

    `config_version` is taken for connectors that have not said which version they run.
    """
    groups: dict[str, dict[str, Any]] = {}
    for row in rows:
        group = groups.setdefault(
            row["connector"],
            {
                "id": row["connector"],
                "version": row["version"],
                "arch": row["arch"],
                "features": json.loads(row["features"]),
                "config_version": config_version,
                "run_at": row["opened"],
                "conns": [],
            },
        )
        group["conns"].append(shown(row))
        if row["config_version"] is not None:
            group["config_version"] = row["config_version"]
    return list(groups.values())
