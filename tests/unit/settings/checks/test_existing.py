"""What existed before a run: lists that the API refused, records and tunnels that conflict with the stack, and those
that it adopts."""

from typing import Any

import pytest

from settings import Existing, ExistingRecord, ExistingTunnel, Settings
from tests.support.settings_examples import ACCOUNT, ZONE, a_route, rejection, values

COMMENT = "culvert/dev"
FIRST, SECOND = "1" * 32, "2" * 32
TUNNEL, OTHER = "c1744f8b-faa1-48a4-9e5c-02ac921467fa", "d144062a-1b82-4795-af51-ddfaca0a1b80"
LOG = a_route(hostname="log.example.com")
ADOPTED_TUNNEL = values(tunnel={"adopt": TUNNEL})


def record(**parts: str) -> ExistingRecord:
    created = {"id": FIRST, "type": "CNAME", "content": "old.example.net", "made": "2024-03-01T09:30:00Z"}
    return ExistingRecord(**{**created, **parts})


def own_record(tunnel: str = TUNNEL, **parts: str) -> ExistingRecord:
    """As an earlier run of the stack creates it."""
    return record(**{"content": f"{tunnel}.cfargotunnel.com", "comment": COMMENT, **parts})


def blog(*records: ExistingRecord, **more: Any) -> Existing:
    return Existing(records={"blog.example.com": records}, zone_ids={"example.com": ZONE}, **more)


Case = tuple[dict[str, Any], Existing, list[str]]
"""Settings, what existed before the run, and the keys with an issue."""
CONFLICTS: dict[str, Case] = {
    "a refused account": (values(), Existing(refused={None: "HTTP 403"}), ["accountId"]),
    "a refused zone": (values(), Existing(refused={"example.com": "HTTP 403"}), ['zones["example.com"]']),
    "a refused zone without an id": (
        values(zones={"example.com": None}),
        Existing(refused={"example.com": "HTTP 403"}),
        ['zones["example.com"]'],
    ),
    "a refused zone and a refused account": (
        values(),
        Existing(refused={"example.com": "HTTP 403", None: "HTTP 401"}),
        ['zones["example.com"]', "accountId"],
    ),
    "a tunnel beside the stack's own": (ADOPTED_TUNNEL, Existing(tunnel_id=OTHER), ["tunnel.adopt"]),
    "a tunnel that cannot be read": (ADOPTED_TUNNEL, Existing(tunnel="HTTP 404"), ["tunnel.adopt"]),
    "a deleted tunnel": (
        ADOPTED_TUNNEL,
        Existing(tunnel=ExistingTunnel("homelab", "cloudflare", "2024-03-01T09:30:00Z")),
        ["tunnel.adopt"],
    ),
    "a tunnel with a file of rules": (
        ADOPTED_TUNNEL,
        Existing(tunnel=ExistingTunnel("homelab", "local")),
        ["tunnel.adopt"],
    ),
    "a record in the place of the stack's own": (
        values(a_route(adopt=FIRST)),
        blog(record(), record_ids={"blog.example.com": SECOND}),
        ["routes[0].adopt"],
    ),
    "a record of another hostname": (values(a_route(adopt=SECOND)), blog(record()), ["routes[0].adopt"]),
    "a record beside two others": (
        values(a_route(adopt="3" * 32)),
        blog(record(comment="made by hand"), record(id=SECOND, content="new.example.net")),
        ["routes[0].adopt"],
    ),
    "a record beside one of the stack's own and an address": (
        values(a_route(adopt="3" * 32)),
        blog(own_record(), record(id=SECOND, type="A", content="192.0.2.1")),
        ["routes[0].adopt"],
    ),
    "a record where there is none": (values(a_route(adopt=FIRST)), blog(), ["routes[0].adopt"]),
    "an adopted address": (values(a_route(adopt=FIRST)), blog(record(type="A")), ["routes[0].hostname"]),
    "an address": (values(), blog(record(type="A", content="192.0.2.1")), ["routes[0].hostname"]),
    "two addresses": (
        values(),
        blog(record(type="A", content="192.0.2.1"), record(id=SECOND, type="AAAA", content="2001:db8::1", made="")),
        ["routes[0].hostname"],
    ),
    "a foreign record": (values(), blog(record(comment="made by hand")), ["routes[0].hostname"]),
    "an address with the content and the comment of the stack's records": (
        values(),
        blog(own_record(type="A")),
        ["routes[0].hostname"],
    ),
    "a record with the comment alone": (values(), blog(record(comment=COMMENT)), ["routes[0].hostname"]),
    "a record of another stack": (values(), blog(own_record(comment="culvert/prod")), ["routes[0].hostname"]),
    "a record to another tunnel": (values(), blog(own_record(OTHER), tunnel_id=TUNNEL), ["routes[0].hostname"]),
    "a foreign record of each hostname": (
        values(a_route(), LOG),
        Existing(records={"blog.example.com": (record(),), "log.example.com": (record(id=SECOND),)}),
        ["routes[0].hostname", "routes[1].hostname"],
    ),
    "a foreign record of the second hostname, whose second route adopts another": (
        values(a_route(), LOG, {**LOG, "path": "/v1", "adopt": SECOND}),
        Existing(record_ids={"blog.example.com": FIRST}, records={"log.example.com": (record(),)}),
        ["routes[2].adopt"],
    ),
}


@pytest.mark.parametrize("case", CONFLICTS.values(), ids=CONFLICTS)
def test_a_conflict_is_rejected(case: Case) -> None:
    config, existing, keys = case
    error = rejection(Settings.parse(config).adopted, existing, COMMENT)
    assert [issue.key.removeprefix("culvert:") for issue in error.issues] == keys


Adopted = tuple[str | None, dict[str, str]]
ACCEPTED: dict[str, tuple[dict[str, Any], Existing, Adopted]] = {
    "no record": (values(), blog(), (None, {})),
    "a hostname that was not looked up": (values(), Existing(), (None, {})),
    "a hostname that was not looked up, with a record to adopt": (
        values(a_route(adopt=FIRST)),
        Existing(zone_ids={"example.com": ZONE}),
        (None, {"blog.example.com": f"{ZONE}/{FIRST}"}),
    ),
    "a record to adopt": (
        values(a_route(adopt=FIRST)),
        blog(record()),
        (None, {"blog.example.com": f"{ZONE}/{FIRST}"}),
    ),
    "one of two records to adopt": (
        values(a_route(adopt=SECOND)),
        blog(record(), record(id=SECOND)),
        (None, {"blog.example.com": f"{ZONE}/{SECOND}"}),
    ),
    "the stack's own record": (values(), Existing(record_ids={"blog.example.com": FIRST}), (None, {})),
    "the stack's own record, adopted before": (
        values(a_route(adopt=FIRST)),
        Existing(record_ids={"blog.example.com": FIRST}),
        (None, {}),
    ),
    "a record of an interrupted run": (values(), blog(own_record(), tunnel_id=TUNNEL), (None, {})),
    "a record of an interrupted run without its tunnel": (values(), blog(own_record()), (None, {})),
    "a tunnel to adopt": (
        ADOPTED_TUNNEL,
        Existing(tunnel=ExistingTunnel("homelab", "cloudflare")),
        (f"{ACCOUNT}/{TUNNEL}", {}),
    ),
    "a tunnel that was not looked up": (ADOPTED_TUNNEL, Existing(), (f"{ACCOUNT}/{TUNNEL}", {})),
    "a tunnel adopted before": (ADOPTED_TUNNEL, Existing(tunnel_id=TUNNEL), (None, {})),
    "the stack's own tunnel": (values(), Existing(tunnel_id=TUNNEL), (None, {})),
}


@pytest.mark.parametrize("case", ACCEPTED.values(), ids=ACCEPTED)
def test_what_does_not_conflict_is_adopted(case: tuple[dict[str, Any], Existing, Adopted]) -> None:
    config, existing, adopted = case
    assert Settings.parse(config).adopted(existing, COMMENT) == adopted
