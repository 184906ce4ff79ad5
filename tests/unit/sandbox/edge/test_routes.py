"""Resolution of hostnames to tunnels."""

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
    for record_id, (owner, name, kind, tunnel) in enumerate(records):
        body = {"name": name, "type": kind, "content": f"{TUNNELS[tunnel]}.cfargotunnel.com", "proxied": True}
        store.run(
            "INSERT INTO records VALUES (?, ?, ?, ?, ?)", str(record_id), owner["id"], name, kind, json.dumps(body)
        )
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
        # A wildcard does not apply to a name that exists, nor to names below it (RFC 4592).
        ("b.a.example.com", None),
        ("txt.example.com", None),
        ("b.txt.example.com", None),
        # A zone's wildcard does not apply to names of another zone below it.
        ("c.inner.example.com", None),
        ("example.net", None),
        ("", None),
        (".", None),
        ("'; --.example.net", None),
    ],
)
def test_the_closest_record_applies(store: Store, hostname: str, tunnel: str | None) -> None:
    route = routes.resolve(store, hostname)
    assert (route.tunnel["name"] if route.tunnel else None) == tunnel
    assert bool(route.reason) == (tunnel is None)


def test_a_tunnel_of_another_account_is_not_used(store: Store) -> None:
    store.run("UPDATE tunnels SET account = ?", "1" * 32)
    reason = routes.resolve(store, "a.example.com").reason
    assert reason == "the record of a.example.com points to a tunnel that does not exist in this account"


def test_what_leads_to_a_tunnel_is_served_and_a_wildcard_by_one_name(store: Store) -> None:
    assert routes.served_hostnames(store) == [
        "a.example.com",
        "any.deep.example.com",
        "any.example.com",
        "b.inner.example.com",
        "example.com",
    ]
    store.run("UPDATE tunnels SET deleted = 'now'")
    assert routes.served_hostnames(store) == []
