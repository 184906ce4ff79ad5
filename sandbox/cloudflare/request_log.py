"""Log of API calls: request, status, and the body with secrets masked."""

import json
from typing import Any

from sandbox.cloudflare import ids
from sandbox.cloudflare.store import Row, Store

SECRET_KEYS = frozenset({"tunnel_secret", "client_secret", "secret", "token", "password", "TunnelSecret"})
MASK = "[secret]"
DROPPED = 0
"""Status of a call whose connection was dropped without a reply."""


def add(store: Store, method: str, path: str, status: int, body: bytes) -> None:
    """Adds one call; `path` has the query. Of a body that is not JSON only the length is stored."""
    store.run(
        "INSERT INTO calls (time, method, path, status, body) VALUES (?, ?, ?, ?, ?)",
        *(ids.now(), method, path, status, _masked_text(body)),
    )


def since(store: Store, mark: int, *, at_most: int = -1) -> list[Row]:
    """Calls after this mark, oldest first: `mark`, `time`, `method`, `path`, `status`, `body` (parsed)."""
    rows = store.all("SELECT * FROM calls WHERE mark > ? ORDER BY mark LIMIT ?", mark, at_most)
    return [{**row, "body": json.loads(row["body"]) if row["body"] else None} for row in rows]


def recent_writes(store: Store, count: int) -> list[Row]:
    """The last calls that are not reads, newest first, without their bodies."""
    query = "SELECT mark, time, method, path, status FROM calls WHERE method != 'GET' ORDER BY mark DESC LIMIT ?"
    return store.all(query, count)


def last_mark(store: Store) -> int:
    row = store.one("SELECT coalesce(max(mark), 0) AS mark FROM calls")
    return row["mark"] if row else 0


def _masked_text(body: bytes) -> str | None:
    if not body:
        return None
    try:
        return json.dumps(masked(json.loads(body)), allow_nan=False)
    except (ValueError, RecursionError):
        return json.dumps(f"[{len(body)} bytes that are not JSON]")


def masked(value: Any) -> Any:
    """`value` with the values of secret keys replaced, at any depth."""
    if isinstance(value, dict):
        return {key: MASK if key in SECRET_KEYS and inner else masked(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [masked(inner) for inner in value]
    return value
