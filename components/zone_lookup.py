"""Which zone a name is, by its id."""

from collections.abc import Mapping

import pulumi
import pulumi_cloudflare as cloudflare


def zone_id(
    parent: pulumi.Resource, zone: str, zones: Mapping[str, str | None], account_id: pulumi.Input[str]
) -> pulumi.Input[str]:
    """The id of `zone`: as `zones` has it, else looked up by name (two reads, *Zone: Read*)."""
    if known := zones.get(zone):
        return known
    return cloudflare.get_zone_output(
        # With the account: two accounts may each hold a zone of one name.
        filter={"name": zone, "account": {"id": account_id}, "match": "all"},
        opts=pulumi.InvokeOptions(parent=parent),
    ).id
