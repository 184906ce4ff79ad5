"""Whom Cloudflare tells about the tunnel's health."""

from typing import Any, NotRequired, TypedDict

import pulumi
import pulumi_cloudflare as cloudflare


class NotificationArgs(TypedDict):
    account_id: pulumi.Input[str]
    """Cloudflare account that holds the tunnel."""
    tunnel_id: pulumi.Input[str]
    """UUID of the tunnel."""
    email: NotRequired[list[str]]
    """Mail addresses."""
    webhook: NotRequired[list[str]]
    """Ids of webhooks that the account has."""
    pagerduty: NotRequired[list[str]]
    """Ids of PagerDuty services that the account is connected to."""
    when: NotRequired[list[str]]
    """What the tunnel has become: `healthy`, `degraded`, `down`, `inactive`; by default `down` and `healthy`."""
    after: NotRequired[pulumi.Input[list[Any]]]
    """Resources to be there before anybody is told, and to go after it: the connector, or making and unmaking a stack
    would be news."""


class Notification(pulumi.ComponentResource):
    """A message to people whenever the tunnel's health changes. It comes from Cloudflare, so also when the cluster is away.

    Creates one NotificationPolicy, of one tunnel alone. Takes *Notifications: Edit* on the account.
    """

    def __init__(self, name: str, args: NotificationArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("culvert:index:Notification", name, {}, opts)
        told = {
            "emails": args.get("email", []),
            "webhooks": args.get("webhook", []),
            "pagerduties": args.get("pagerduty", []),
        }
        statuses = [f"TUNNEL_STATUS_TYPE_{status.upper()}" for status in args.get("when", ["down", "healthy"])]
        mechanisms: Any = {mechanism: [{"id": each} for each in ids] for mechanism, ids in told.items() if ids}
        cloudflare.NotificationPolicy(
            f"{name}-notification",
            account_id=args["account_id"],
            name=f"{name} tunnel health",
            # Never left out: the API answers an empty one, which the next refresh would take for a change.
            description=f"Health of the tunnel {name}, made by culvert",
            alert_type="tunnel_health_event",
            enabled=True,
            filters={"new_statuses": statuses, "tunnel_ids": [args["tunnel_id"]]},
            mechanisms=mechanisms,
            opts=pulumi.ResourceOptions(parent=self, depends_on=args.get("after")),
        )
        self.register_outputs({})
