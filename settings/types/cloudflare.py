"""Ids of accounts, zones, rulesets, tunnels and other objects at Cloudflare, and team names."""

import re
from typing import Annotated

from pydantic import AfterValidator

from settings import references
from settings.errors import reject
from settings.schema import Accepts
from settings.types.dns import LABEL


def hex_id(text: str) -> str:
    """An id of 32 hex digits, in lower case."""
    if not re.fullmatch(r"[0-9A-Fa-f]{32}", text):
        reject("is not an id of 32 hex digits")
    return text.lower()


def is_uuid(text: str) -> bool:
    """Whether it is a UUID as Cloudflare writes them: in lower case."""
    return re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", text) is not None


def uuid(text: str) -> str:
    """An id that is a UUID, in lower case."""
    if not is_uuid(text.lower()):
        reject("is not a UUID")
    return text.lower()


def team_name(text: str) -> str:
    """The name of a Zero Trust team, in lower case."""
    if not LABEL.fullmatch(text.lower()):
        domain = re.fullmatch(r"(?:https?://)?([a-z0-9-]+)\.cloudflareaccess\.com/?", text.lower())
        reject("is not the name of a team", domain[1] if domain else None)
    return text.lower()


HexId = Annotated[str, AfterValidator(hex_id), Accepts("32 hex digits, in quotes", references.CLOUDFLARE_IDS)]
RecordId = Annotated[
    HexId,
    Accepts(
        "the record's id: 32 hex digits, in quotes",
        references.CLOUDFLARE_RECORD_IDS,
        ("023e105f4ecef8ad9ca31a8372d0c353",),
    ),
]
RulesetId = Annotated[
    HexId,
    Accepts(
        "the id of a ruleset: 32 hex digits, in quotes",
        references.CLOUDFLARE_RULESETS,
        ("2f2feab2026849078ba485f918791bdc",),
    ),
]
TunnelId = Annotated[
    str,
    AfterValidator(uuid),
    Accepts(
        "the tunnel's id, such as c1744f8b-faa1-48a4-9e5c-02ac921467fa",
        references.CLOUDFLARE_TUNNEL_IDS,
        ("c1744f8b-faa1-48a4-9e5c-02ac921467fa",),
    ),
]
AccessId = Annotated[
    str,
    AfterValidator(uuid),
    Accepts("the id at Cloudflare, such as 6a6f1e0a-5f3c-4e0b-9d0a-2c7a4a6f8b11", references.CLOUDFLARE_ACCESS_IDS),
]
VirtualNetworkId = Annotated[
    str,
    AfterValidator(uuid),
    Accepts(
        "the id of a virtual network, a UUID, from dashboard > Networks > Routes > Virtual networks",
        references.CLOUDFLARE_VIRTUAL_NETWORKS,
        ("f70ff985-a4ef-4643-bbbc-4a0ed4fc8415",),
    ),
]
TeamName = Annotated[
    str,
    AfterValidator(team_name),
    Accepts("the name before .cloudflareaccess.com, such as acme", references.CLOUDFLARE_TEAM, ("acme",)),
]
