"""The notification policy for the tunnel's health."""

from typing import Any

import pulumi_random as random

from components import Notification
from tests.support.mock_recorder import TUNNEL_ID, Deploy, Registered

ACCOUNT = "0123456789abcdef0123456789abcdef"


def deployed(deploy: Deploy, **more: Any) -> Registered:
    args: Any = {"account_id": ACCOUNT, "tunnel_id": TUNNEL_ID, "email": ["ops@example.com"], **more}
    recorded = deploy(lambda: Notification("culvert-dev", args))
    assert recorded.names == {"NotificationPolicy culvert-dev-notification"}
    return recorded.one("NotificationPolicy")


def test_a_notification_is_for_this_tunnels_health_alone(deploy: Deploy) -> None:
    made = deployed(deploy)
    assert made.inputs == {
        "accountId": ACCOUNT,
        "name": "culvert-dev tunnel health",
        "description": "Health of the tunnel culvert-dev, made by culvert",
        "alertType": "tunnel_health_event",
        "enabled": True,
        "filters": {
            "newStatuses": ["TUNNEL_STATUS_TYPE_DOWN", "TUNNEL_STATUS_TYPE_HEALTHY"],
            "tunnelIds": [TUNNEL_ID],
        },
        "mechanisms": {"emails": [{"id": "ops@example.com"}]},
    }


def test_a_notification_has_the_configured_mechanisms_alone(deploy: Deploy) -> None:
    made = deployed(deploy, email=[], webhook=["a" * 32], pagerduty=["b" * 32], when=["degraded"])
    assert made.inputs["mechanisms"] == {"webhooks": [{"id": "a" * 32}], "pagerduties": [{"id": "b" * 32}]}
    assert made.inputs["filters"]["newStatuses"] == ["TUNNEL_STATUS_TYPE_DEGRADED"]


def test_a_notification_policy_is_created_after_the_connector(deploy: Deploy) -> None:
    def program() -> None:
        connector = random.RandomPassword("connector", length=8)
        Notification("culvert-dev", {"account_id": ACCOUNT, "tunnel_id": TUNNEL_ID, "depends_on": [connector]})

    assert "RandomPassword connector" in deploy(program).one("NotificationPolicy").dependencies
