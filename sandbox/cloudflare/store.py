"""The emulator's state: one SQLite file, readable and writable by several processes at once."""

import json
import os
import secrets
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Row = dict[str, Any]

_VERSION = 2
_SCHEMA = """
CREATE TABLE accounts (id TEXT PRIMARY KEY, name TEXT NOT NULL, created TEXT NOT NULL);
CREATE TABLE zones (
    id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, account TEXT NOT NULL REFERENCES accounts, created TEXT NOT NULL
);
CREATE TABLE tokens (
    hash TEXT PRIMARY KEY, id TEXT NOT NULL, name TEXT NOT NULL, grants TEXT NOT NULL, created TEXT NOT NULL
);
CREATE TABLE tunnels (
    id TEXT PRIMARY KEY, account TEXT NOT NULL, name TEXT NOT NULL, secret TEXT NOT NULL, config_src TEXT NOT NULL,
    created TEXT NOT NULL, deleted TEXT, active_since TEXT, inactive_since TEXT
);
CREATE UNIQUE INDEX tunnel_names ON tunnels (account, name) WHERE deleted IS NULL;
CREATE TABLE configurations (
    tunnel TEXT PRIMARY KEY REFERENCES tunnels, version INTEGER NOT NULL, config TEXT NOT NULL, source TEXT NOT NULL,
    created TEXT NOT NULL
);
CREATE TABLE connections (
    id TEXT PRIMARY KEY, tunnel TEXT NOT NULL REFERENCES tunnels, connector TEXT NOT NULL, version TEXT NOT NULL,
    arch TEXT NOT NULL, features TEXT NOT NULL, colo TEXT NOT NULL, origin_ip TEXT NOT NULL, opened TEXT NOT NULL,
    config_version INTEGER
);
CREATE INDEX connection_tunnels ON connections (tunnel);
CREATE TABLE records (
    id TEXT PRIMARY KEY, zone TEXT NOT NULL REFERENCES zones, name TEXT NOT NULL, type TEXT NOT NULL, body TEXT NOT NULL
);
CREATE INDEX record_names ON records (zone, name);
CREATE TABLE objects (
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, scope TEXT NOT NULL, body TEXT NOT NULL
);
CREATE INDEX object_scopes ON objects (kind, scope);
CREATE TABLE calls (
    mark INTEGER PRIMARY KEY AUTOINCREMENT, time TEXT NOT NULL, method TEXT NOT NULL, path TEXT NOT NULL,
    status INTEGER NOT NULL, body TEXT
);
"""
_ADDED = (
    "CREATE TABLE IF NOT EXISTS locations_away (location TEXT PRIMARY KEY)",
    "CREATE TABLE IF NOT EXISTS frontends (port INTEGER PRIMARY KEY)",
)
"""Added to this layout later, so an existing file may lack it."""


class Store:
    """One connection to the file, created on first use and private to its user (mode 0600), for any number of threads.

    Each process opens its own: the journal is a write-ahead log, so readers never wait, and a writer waits up to ten
    seconds for another. Raises `sqlite3.DatabaseError` on a file that is not a database of this version.
    """

    def __init__(self, path: Path | str) -> None:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
        self._connection.row_factory = sqlite3.Row
        self._lock = threading.RLock()
        self._opened = secrets.token_hex(4)
        # A sandbox may lose its last transaction in a power cut; waiting for the disk would slow every call.
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
            self._connection.execute(f"PRAGMA {pragma}")
        self._migrate(path)

    def _migrate(self, path: Path | str) -> None:
        with self.transaction():
            row = self.one("PRAGMA user_version")
            version = row["user_version"] if row else 0
            if version == 0:
                for statement in _SCHEMA.split(";\n"):
                    if statement.strip():
                        self.run(statement)
                self.run(f"PRAGMA user_version={_VERSION}")
            elif version != _VERSION:
                raise sqlite3.DatabaseError(f"{path} has layout {version}, this emulator reads {_VERSION}: remove it")
            for statement in _ADDED:
                self.run(statement)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing. Other writers, here or in another process, wait until it ends; a nested one joins it."""
        with self._lock:
            if self._connection.in_transaction:
                yield
                return
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def run(self, sql: str, *values: Any) -> int:
        """Runs one statement and returns the number of rows it changed."""
        with self._lock:
            return self._connection.execute(sql, values).rowcount

    def all(self, sql: str, *values: Any) -> list[Row]:
        with self._lock:
            return [dict(row) for row in self._connection.execute(sql, values)]

    def bodies(self, kind: str, scope: str) -> list[dict[str, Any]]:
        """The objects of this kind in an account or a zone, in the order in which they were written."""
        rows = self.all("SELECT body FROM objects WHERE kind = ? AND scope = ? ORDER BY rowid", kind, scope)
        return [json.loads(row["body"]) for row in rows]

    def has(self, kind: str, scope: str, id: str) -> bool:
        """Whether there is an object of this kind with this id in an account or a zone."""
        query = "SELECT 1 FROM objects WHERE kind = ? AND scope = ? AND id = ?"
        return self.one(query, kind, scope, id) is not None

    def save(self, kind: str, scope: str, body: dict[str, Any]) -> None:
        """Writes an object, in place of the one with its `id`."""
        self.run("INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?)", body["id"], kind, scope, json.dumps(body))

    def one(self, sql: str, *values: Any) -> Row | None:
        """The first row, or None."""
        with self._lock:
            row = self._connection.execute(sql, values).fetchone()
            return None if row is None else dict(row)

    def generation(self) -> str:
        """A string that changes with every write, here or by another process."""
        row = self.one("PRAGMA data_version")
        assert row is not None
        return f"{self._opened}-{row['data_version']}-{self._connection.total_changes}"

    def close(self) -> None:
        with self._lock:
            self._connection.close()
