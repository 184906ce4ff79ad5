"""Locations of the edge: their names, and which of them are down by a fault."""

from collections.abc import Iterable

from sandbox.cloudflare.store import Store

LOCATIONS = tuple(f"lo{number:02d}" for number in range(1, 7))
"""One address of the edge each; connections are listed with them as `colo_name`."""


def down(store: Store) -> set[str]:
    return {row["location"] for row in store.all("SELECT location FROM locations_away")}


def set_down(store: Store, locations: Iterable[str]) -> None:
    """Takes these locations down and brings all others up. The edge polls for it."""
    with store.transaction():
        store.run("DELETE FROM locations_away")
        for location in set(locations):
            store.run("INSERT INTO locations_away VALUES (?)", location)
