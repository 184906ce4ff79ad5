"""Checks of Cloudflare's API: the tunnel, its connectors, its rules and the DNS records."""

import time
from datetime import UTC, datetime
from typing import Any

from clients.cloudflare import CloudflareApi
from clients.errors import CheckUnavailable
from ops.expected_stack import ExpectedStack
from ops.verify.checks import records, tunnel
from ops.verify.result import CheckResult, attempt
from settings import TUNNEL_DOMAIN


class CloudflareChecks:
    """`version` is the version of the tunnel's configuration, once `run` has read it."""

    def __init__(self, stack: ExpectedStack) -> None:
        self.stack = stack
        self.version: int | None = None

    def run(self) -> list[CheckResult]:
        name, settings = self.stack.name, self.stack.settings
        try:
            api = CloudflareApi()
            tunnels = api.tunnels(settings.account_id, name)
        except CheckUnavailable as error:
            checks = (tunnel.TUNNEL, tunnel.CONNECTIONS, tunnel.RULES, records.RECORDS)
            return [check.unavailable(name, error) for check in checks]
        exists = attempt(tunnel.TUNNEL, name, lambda: [tunnel.exists(name, tunnels, self.stack.outputs)])
        if not tunnels:
            # Every other check would fail for the same reason.
            return exists
        return [
            *exists,
            *attempt(tunnel.RULES, name, lambda: self._rules(api, tunnels[0]["id"])),
            *attempt(tunnel.CONNECTIONS, name, lambda: self._connections(api, tunnels[0])),
            *self._records(api, f"{tunnels[0]['id']}.{TUNNEL_DOMAIN}"),
        ]

    def _rules(self, api: CloudflareApi, tunnel_id: str) -> list[CheckResult]:
        settings = self.stack.updated
        document = api.configuration(settings.account_id, tunnel_id)
        self.version = document.get("version")
        audiences = self._audiences(api)
        expected = settings.ingress_rules(self.stack.namespace, audiences or {})
        # Without the right to read Access applications, the audience tags are taken as they are.
        expected = tunnel.with_tags(expected, document) if audiences is None else expected
        private = settings.private_networks is not None
        return [tunnel.rules_match(self.stack.name, expected, document, self.stack.outputs, private)]

    def _audiences(self, api: CloudflareApi) -> dict[str, str] | None:
        """The audience tag of each Access application of the stack, by its name; None if they cannot be read."""
        wanted = self.stack.settings.access_applications()
        if not wanted:
            return {}
        applications = api.access_applications(self.stack.settings.account_id)
        if applications is None:
            return None
        tags = {one.get("domain"): one.get("aud", "") for one in applications}
        return {one.name: tags[one.domains[0]] for one in wanted if one.domains[0] in tags}

    def _connections(self, api: CloudflareApi, found: dict[str, Any]) -> list[CheckResult]:
        name, settings = self.stack.name, self.stack.settings
        connectors = api.connectors(settings.account_id, found["id"])
        # Right after an update, for at most as long as a connector takes.
        for _ in range(tunnel.STARTING.seconds):
            if not tunnel.is_starting(connectors, datetime.now(UTC)):
                break
            time.sleep(1)
            found = api.tunnel(settings.account_id, found["id"]) or found
            connectors = api.connectors(settings.account_id, found["id"])
        results = [tunnel.is_connected(name, found, connectors, settings.connector.replicas)]
        if self.version is not None:
            results.append(tunnel.version_is_current(name, connectors, self.version))
        return results

    def _records(self, api: CloudflareApi, target: str) -> list[CheckResult]:
        zones = self.stack.settings.zones.items()
        return [
            result
            for zone, zone_id in zones
            for result in attempt(
                records.RECORDS, zone, lambda zone=zone, id=zone_id: self._zone(api, zone, id, target)
            )
        ]

    def _zone(self, api: CloudflareApi, zone: str, zone_id: str | None, target: str) -> list[CheckResult]:
        settings = self.stack.settings
        hostnames = [hostname for hostname, owner in settings.hostnames().items() if owner == zone]
        present = api.records(zone_id or api.zone_id(settings.account_id, zone))
        # A hostname with `dns: none` may have a record that is made elsewhere.
        expected = [*hostnames, *(route.hostname for route in settings.routes if route.dns == "none")]
        return [
            *(records.points_at_tunnel(hostname, target, present) for hostname in hostnames),
            records.no_orphans(zone, expected, target, present),
        ]
