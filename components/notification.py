"""Cloudflare notifications about the tunnel's health."""

from typing import Any, NotRequired, TypedDict

import pulumi
import pulumi_cloudflare as cloudflare

from components.argument_check import check_arguments

DEFAULT_STATUSES = ("down", "healthy")


class NotificationArgs(TypedDict):
    account_id: pulumi.Input[str]
    """Id of the Cloudflare account of the tunnel, 32 hex digits."""
    tunnel_id: pulumi.Input[str]
    """UUID of the tunnel."""
    email: NotRequired[list[str]]
    """E-mail addresses."""
    webhook: NotRequired[list[str]]
    """Ids of webhooks of the account."""
    pagerduty: NotRequired[list[str]]
    """Ids of PagerDuty services that are connected to the account."""
    when: NotRequired[list[str]]
    """New statuses of the tunnel to notify about: `healthy`, `degraded`, `down`, `inactive`; by default `down` and
    `healthy`."""
    depends_on: NotRequired[pulumi.Input[list[Any]]]
    """Resources to create before the notification and to delete after it: the connector, or creating and deleting a
    stack would send notifications."""


class Notification(pulumi.ComponentResource):
    """Notifications whenever the tunnel's health changes. Cloudflare sends them, so they arrive even if the cluster is
    down.

    Creates one NotificationPolicy for this tunnel only. Needs *Notifications: Edit* on the account.
    """

    def __init__(self, name: str, args: NotificationArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        check_arguments(self, args, NotificationArgs)
        super().__init__("culvert:index:Notification", name, opts=opts)
        recipients = {
            "emails": args.get("email"),
            "webhooks": args.get("webhook"),
            "pagerduties": args.get("pagerduty"),
        }
        statuses = [f"TUNNEL_STATUS_TYPE_{status.upper()}" for status in args.get("when", DEFAULT_STATUSES)]
        mechanisms: Any = {mechanism: [{"id": each} for each in ids] for mechanism, ids in recipients.items() if ids}
        cloudflare.NotificationPolicy(
            f"{name}-notification",
            account_id=args["account_id"],
            name=f"{name} tunnel health",
            # Always set: the API returns an empty description for none, which the next refresh would take for a change.
            description=f"Health of the tunnel {name}, made by culvert",
            alert_type="tunnel_health_event",
            enabled=True,
            filters={"new_statuses": statuses, "tunnel_ids": [args["tunnel_id"]]},
            mechanisms=mechanisms,
            opts=pulumi.ResourceOptions(parent=self, depends_on=args.get("depends_on")),
        )
        self.register_outputs({})
