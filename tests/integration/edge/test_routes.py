"""Which record answers for a hostname."""

import json
from pathlib import Path

import pytest

from sandbox.cloudflare.resources import accounts, zones
from sandbox.cloudflare.store import Store
from sandbox.edge import routes

ACCOUNT = "0" * 32
TUNNELS = {
    name: f"{number}1111111-1111-1111-1111-111111111111" for number, name in enumerate(("exact", "wild", "deep"))
}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(tmp_path / "cloudflare.sqlite3")
    accounts.seed(store, ACCOUNT, "Home")
    zone = zones.seed(store, "example.com", ACCOUNT)
    inner = zones.seed(store, "inner.example.com", ACCOUNT)
    for name, tunnel in TUNNELS.items():
        store.run("INSERT INTO tunnels VALUES (?, ?, ?, '', 'cloudflare', '', NULL, NULL, NULL)", tunnel, ACCOUNT, name)
    records = [
        (zone, "example.com", "CNAME", "exact"),
        (zone, "a.example.com", "CNAME", "exact"),
        (zone, "*.example.com", "CNAME", "wild"),
        (zone, "*.deep.example.com", "CNAME", "deep"),
        (zone, "txt.example.com", "TXT", "exact"),
        (inner, "b.inner.example.com", "CNAME", "deep"),
    ]
    for number, (where, name, kind, tunnel) in enumerate(records):
        body = {"name": name, "type": kind, "content": f"{TUNNELS[tunnel]}.cfargotunnel.com", "proxied": True}
        store.run("INSERT INTO records VALUES (?, ?, ?, ?, ?)", str(number), where["id"], name, kind, json.dumps(body))
    return store


@pytest.mark.parametrize(
    ("hostname", "tunnel"),
    [
        ("example.com", "exact"),
        ("a.example.com", "exact"),
        ("z.example.com", "wild"),
        ("y.z.example.com", "wild"),
        ("x.deep.example.com", "deep"),
        ("w.x.deep.example.com", "deep"),
        ("b.inner.example.com", "deep"),
        # A name that exists keeps the wildcard away from itself and from what is below it (RFC 4592).
        ("b.a.example.com", None),
        ("txt.example.com", None),
        ("b.txt.example.com", None),
        # Another zone's wildcard does not reach into a zone of its own.
        ("c.inner.example.com", None),
        ("example.net", None),
        ("", None),
        (".", None),
        ("'; --.example.net", None),
    ],
)
def test_the_closest_record_answers(store: Store, hostname: str, tunnel: str | None) -> None:
    found = routes.find(store, hostname)
    assert (found.tunnel["name"] if found.tunnel else None) == tunnel
    assert bool(found.why) == (tunnel is None)


def test_a_tunnel_of_another_account_is_not_reached(store: Store) -> None:
    store.run("UPDATE tunnels SET account = ?", "1" * 32)
    assert routes.find(store, "a.example.com").why == "the record of a.example.com points at a tunnel that is not here"
