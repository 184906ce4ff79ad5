"""The port of the edge's front end for visitors, as the edge writes it and the dashboard reads it."""

from sandbox.cloudflare.store import Store


def port(store: Store) -> int | None:
    """None while no edge runs."""
    row = store.one("SELECT port FROM frontends")
    return row["port"] if row else None


def set_port(store: Store, port: int | None) -> None:
    with store.transaction():
        store.run("DELETE FROM frontends")
        if port is not None:
            store.run("INSERT INTO frontends VALUES (?)", port)
