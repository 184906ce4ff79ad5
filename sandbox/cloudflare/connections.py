"""Live connections of tunnels' connectors: rows that the edge adds and removes, and their shape in the API."""

import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sandbox.cloudflare import ids
from sandbox.cloudflare.store import Row, Store


@dataclass(frozen=True)
class Connector:
    """One running connector: its UUID, version, architecture, features and address."""

    id: str = field(default_factory=ids.new_uuid)
    version: str = "2026.10.0"
    arch: str = "linux_amd64"
    features: tuple[str, ...] = ()
    origin_ip: str = "127.0.0.1"


def open_connection(
    store: Store, tunnel: str, connector: Connector, colo: str = "lo01", age: timedelta = timedelta()
) -> str:
    """Adds a connection of this connector, which was opened so long ago, and returns its UUID."""
    connection_id, moment = ids.new_uuid(), ids.now(age)
    with store.transaction():
        features = json.dumps(connector.features)
        identity = (connection_id, tunnel, connector.id, connector.version, connector.arch)
        values = (*identity, features, colo, connector.origin_ip, moment)
        store.run("INSERT INTO connections VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)", *values)
        activate = "UPDATE tunnels SET active_since = coalesce(active_since, ?), inactive_since = NULL WHERE id = ?"
        store.run(activate, moment, tunnel)
    return connection_id


def set_config_version(store: Store, connection: str, config_version: int) -> None:
    """Stores which version of the configuration the connector behind a connection reports."""
    store.run("UPDATE connections SET config_version = ? WHERE id = ?", config_version, connection)


def close(store: Store, tunnel: str, *, connector: str | None = None, connection: str | None = None) -> int:
    """Drops a tunnel's connections: all of them, one connector's, or one. Returns how many it dropped."""
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


def describe(row: Row) -> dict[str, Any]:
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


def by_connector(rows: list[Row], config_version: int) -> list[dict[str, Any]]:
    """The connections grouped by connector, as `GET …/connections` shows them.

    `config_version` is the default for connectors that have not reported a version.
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
        group["conns"].append(describe(row))
        if row["config_version"] is not None:
            group["config_version"] = row["config_version"]
    return list(groups.values())
