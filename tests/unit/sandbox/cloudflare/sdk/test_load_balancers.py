"""Load balancers with their pools and monitors, and notifications."""

from typing import Any

import pytest
from cloudflare import APIStatusError, NotFoundError

from tests.support.emulator import ACCOUNT, ZONE

HERE: dict[str, Any] = {"account_id": ACCOUNT}
ORIGINS = [{"name": "tunnel", "address": "11111111-2222-4333-8444-555555555555.cfargotunnel.com"}]


def test_a_load_balancer_has_a_pool_with_a_monitor(sdk: Any) -> None:
    api = sdk.load_balancers
    check = {"type": "https", "path": "/", "expected_codes": "200"}
    monitor = api.monitors.create(**HERE, **check)
    assert api.monitors.update(monitor.id, **HERE, **{**check, "path": "/ready"}).path == "/ready"
    assert api.monitors.edit(monitor.id, **HERE, expected_codes="2xx").path == "/ready"
    assert [each.expected_codes for each in api.monitors.list(**HERE)] == ["2xx"]
    pool = api.pools.create(**HERE, name="main", monitor=monitor.id, origins=ORIGINS)
    api.pools.create(**HERE, name="other", origins=ORIGINS)
    assert [each.id for each in api.pools.list(**HERE, monitor=monitor.id)] == [pool.id]
    assert api.pools.edit(pool.id, **HERE, enabled=False).monitor == monitor.id
    assert api.pools.update(pool.id, **HERE, name="main", origins=ORIGINS, monitor=monitor.id).enabled is True
    fields = {"name": "lb.example.com", "default_pools": [pool.id], "fallback_pool": pool.id}
    balancer = api.create(zone_id=ZONE, **fields, proxied=True)
    assert api.edit(balancer.id, zone_id=ZONE, **fields, description="x").proxied is True
    assert api.update(balancer.id, zone_id=ZONE, **fields, session_affinity="cookie").proxied is False
    assert [each.id for each in api.list(zone_id=ZONE)] == [balancer.id]
    with pytest.raises(APIStatusError, match="referenced"):
        api.pools.delete(pool.id, **HERE)
    api.delete(balancer.id, zone_id=ZONE)
    api.pools.delete(pool.id, **HERE)
    api.monitors.delete(monitor.id, **HERE)
    for read, id in ((api.monitors.get, monitor.id), (api.pools.get, pool.id)):
        with pytest.raises(NotFoundError):
            read(id, **HERE)


def test_a_notification_policy_is_changed_by_some_of_its_fields(sdk: Any) -> None:
    policies = sdk.alerting.policies
    made = policies.create(
        **HERE,
        **{"name": "health", "alert_type": "tunnel_health_event", "enabled": True},
        mechanisms={"email": [{"id": "a@example.com"}]},
        filters={"new_status": ["TUNNEL_STATUS_TYPE_DOWN"]},
    )
    policies.update(made.id, **HERE, name="down")
    read = policies.get(made.id, **HERE)
    assert (read.name, read.alert_type, read.mechanisms.email[0].id) == ("down", "tunnel_health_event", "a@example.com")
    assert [policy.id for policy in policies.list(**HERE)] == [made.id]
    policies.delete(made.id, **HERE)
    assert list(policies.list(**HERE)) == []
