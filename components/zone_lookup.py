"""Look-up of a zone's id by its name, in the engine's order or at once."""

from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_cloudflare as cloudflare


def zone_id(
    parent: pulumi.Resource, zone: str, zones: Mapping[str, str | None], account_id: pulumi.Input[str]
) -> pulumi.Input[str]:
    """The id of `zone` from `zones`, or else looked up by name (two reads, *Zone: Read*)."""
    if known := zones.get(zone):
        return known
    return cloudflare.get_zone_output(filter=_filter(zone, account_id), opts=pulumi.InvokeOptions(parent=parent)).id


def look_up_zone_id(zone: str, account_id: str, options: pulumi.InvokeOptions) -> str:
    """The id of `zone`, looked up at once: for what decides which resources are registered."""
    return cloudflare.get_zone(filter=_filter(zone, account_id), opts=options).id


def _filter(zone: str, account_id: Any) -> Any:
    # By account too, since two accounts may each have a zone of the same name.
    return {"name": zone, "account": {"id": account_id}, "match": "all"}
