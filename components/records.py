"""The public names: one DNS record for each hostname, pointing at the tunnel."""

from typing import Any, NotRequired, TypedDict

import pulumi
import pulumi_cloudflare as cloudflare

from components.zone_lookup import zone_id

# The limit of the free plan; more is refused by the API, not shortened.
COMMENT_LIMIT = 100


class RecordsArgs(TypedDict):
    account_id: pulumi.Input[str]
    """Cloudflare account that holds the tunnel: a record reaches a tunnel of its own account only."""
    hostnames: dict[str, str]
    """Full lower-case hostname → name of its zone. A wildcard is one hostname."""
    zones: NotRequired[dict[str, str | None]]
    """Zone name → zone id (32 hex digits). A zone without one is looked up by name, which takes *Zone: Read*."""
    target: pulumi.Input[str]
    """What the records point at: the tunnel's `target`."""
    comment: str
    """Shown beside each record in the dashboard: who made it. Cut at 100 characters."""
    adopt: NotRequired[dict[str, str]]
    """Hostname → `<zone id>/<record id>` of a CNAME that somebody else made: it is taken over, brought into line, and gone
    with the stack. To be left out once that is done."""
    after: NotRequired[pulumi.Input[list[Any]]]
    """Resources to be there before the first record is, and to stay until the last one is gone: the connector, or
    visitors meet error 1033."""


class Records(pulumi.ComponentResource):
    """One proxied CNAME for each hostname.

    Creates a DnsRecord for each hostname, keyed by it, so that a renamed hostname is one record made and one deleted
    and its neighbours are left alone. Zones that are used and have no id are looked up, two reads each. A record that
    somebody else made for the same hostname is not overwritten: the API refuses (81053), unless `adopt` names it.
    """

    ids: pulumi.Output[dict[str, str]]
    """Hostname → id of its record."""

    def __init__(self, name: str, args: RecordsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("culvert:index:Records", name, {}, opts)
        known, account = args.get("zones", {}), args["account_id"]
        zones = {zone: zone_id(self, zone, known, account) for zone in dict.fromkeys(args["hostnames"].values())}
        ids: dict[str, pulumi.Output[str]] = {}
        for hostname, zone in args["hostnames"].items():
            record = cloudflare.DnsRecord(
                f"{name}-{hostname}",
                zone_id=zones[zone],
                name=hostname,
                type="CNAME",
                content=args["target"],
                proxied=True,
                # The only value a proxied record may have, and the only thing that says so is its creation.
                ttl=1,
                comment=args["comment"][:COMMENT_LIMIT],
                opts=pulumi.ResourceOptions(
                    parent=self,
                    # Nobody is sent to a tunnel that no connector serves.
                    depends_on=args.get("after"),
                    import_=args.get("adopt", {}).get(hostname),
                ),
            )
            ids[hostname] = record.id
        self.ids = pulumi.Output.all(**ids)
        self.register_outputs({"ids": self.ids})
