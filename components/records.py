"""DNS records: one CNAME per hostname, which points at the tunnel."""

from typing import Any, NotRequired, TypedDict

import pulumi
import pulumi_cloudflare as cloudflare

from components.argument_check import check_arguments
from components.naming import owner
from components.zone_lookup import zone_id

# The limit of the free plan. The API rejects longer comments.
COMMENT_LIMIT = 100


class RecordsArgs(TypedDict):
    account_id: pulumi.Input[str]
    """Id of the Cloudflare account of the tunnel, 32 hex digits. A record reaches tunnels of its own account only."""
    hostnames: dict[str, str]
    """Full lower-case hostname → name of its zone. A wildcard counts as one hostname."""
    zones: NotRequired[dict[str, str | None]]
    """Zone name → zone id (32 hex digits). A zone without an id is looked up by name, which needs *Zone: Read*."""
    target: pulumi.Input[str]
    """Target of the records: the tunnel's `target`."""
    comment: NotRequired[str]
    """Comment of each record in the dashboard that names the owner, `<project>/<stack>` when omitted; truncated to 100
    characters."""
    adopt: NotRequired[dict[str, str]]
    """Hostname → `<zone id>/<record id>` of an existing CNAME to import. It is updated to match and deleted with the
    stack. Remove the entry once the import is done."""
    depends_on: NotRequired[pulumi.Input[list[Any]]]
    """Resources to create before the first record and to delete after the last one: the connector, or visitors get
    error 1033."""


class Records(pulumi.ComponentResource):
    """One proxied CNAME per hostname.

    Creates a DnsRecord per hostname, named after it: renaming a hostname creates one record and deletes one, and
    changes no other. Looks up zones without an id, two reads each. It does not overwrite a record of another owner for
    the same hostname: the API rejects the new one (81053), unless `adopt` names the existing one.
    """

    ids: pulumi.Output[dict[str, str]]
    """Hostname → id of its record."""

    def __init__(self, name: str, args: RecordsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        check_arguments(self, args, RecordsArgs)
        super().__init__("culvert:index:Records", name, opts=opts)
        known, account = args.get("zones", {}), args["account_id"]
        zones = {zone: zone_id(self, zone, known, account) for zone in dict.fromkeys(args["hostnames"].values())}
        comment = (args.get("comment") or owner())[:COMMENT_LIMIT]
        ids: dict[str, pulumi.Output[str]] = {}
        for hostname, zone in args["hostnames"].items():
            record = cloudflare.DnsRecord(
                f"{name}-{hostname}",
                zone_id=zones[zone],
                name=hostname,
                type="CNAME",
                content=args["target"],
                proxied=True,
                # The only value that the API accepts for a proxied record; a preview accepts any.
                ttl=1,
                comment=comment,
                opts=pulumi.ResourceOptions(
                    parent=self,
                    # No record points at a tunnel without a connector.
                    depends_on=args.get("depends_on"),
                    import_=args.get("adopt", {}).get(hostname),
                ),
            )
            ids[hostname] = record.id
        # Of nothing, `all` makes a list.
        self.ids = pulumi.Output.all(**ids) if ids else pulumi.Output.from_input({})
        self.register_outputs({"ids": self.ids})
