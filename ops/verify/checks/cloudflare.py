"""Everything that is asked of Cloudflare's API."""

from typing import Any

from clients.cloudflare import Cloudflare
from ops.verify.checks import records, tunnel
from ops.verify.expected_stack import Declared
from ops.verify.result import Finding, Unread, attempt


class AtCloudflare:
    """`version` is that of the configuration that the API holds, once it has been asked."""

    def __init__(self, declared: Declared) -> None:
        self.declared = declared
        self.version: int | None = None
        self._unread = False

    def findings(self) -> list[Finding]:
        """Tunnel, connections, versions, rules and records."""
        name, settings = self.declared.name, self.declared.settings
        try:
            cloudflare = Cloudflare()
            found = cloudflare.tunnels(settings.account_id, name)
        except Unread as why:
            return [
                check.unread(name, why) for check in (tunnel.TUNNEL, tunnel.CONNECTIONS, tunnel.RULES, records.RECORDS)
            ]
        there = tunnel.is_there(name, found, self.declared.outputs)
        if not found:
            # Without it, all else would fail for the same reason.
            return [there]
        return [
            there,
            *attempt(tunnel.RULES, name, lambda: self._rules(cloudflare, found[0]["id"])),
            *attempt(tunnel.CONNECTIONS, name, lambda: self._connections(cloudflare, found[0])),
            *self._records(cloudflare, f"{found[0]['id']}.cfargotunnel.com"),
        ]

    def _rules(self, cloudflare: Cloudflare, number: str) -> list[Finding]:
        declared = self.declared
        document = cloudflare.configuration(declared.settings.account_id, number)
        self.version = document.get("version")
        wanted = declared.settings.ingress_rules(declared.namespace, self._audiences(cloudflare))
        # Whoever may not read the applications takes the connector's word for their audiences.
        wanted = tunnel.with_tags(wanted, document) if self._unread else wanted
        private = declared.settings.private_networks is not None
        return [tunnel.follows_rules(declared.name, wanted, document, declared.outputs, private)]

    def _audiences(self, cloudflare: Cloudflare) -> dict[str, str]:
        """The audience of each guard's application, by the guard's name."""
        guards = self.declared.settings.access_applications()
        applications = cloudflare.access_applications(self.declared.settings.account_id) if guards else []
        self._unread = applications is None
        found = {each.get("domain"): each.get("aud", "") for each in applications or []}
        return {guard.name: found[guard.domains[0]] for guard in guards if guard.domains[0] in found}

    def _connections(self, cloudflare: Cloudflare, found: dict[str, Any]) -> list[Finding]:
        name, settings = self.declared.name, self.declared.settings
        connectors = cloudflare.connections(settings.account_id, found["id"])
        findings = [tunnel.is_connected(name, found, connectors, settings.connector.replicas)]
        if self.version is not None:
            findings.append(tunnel.runs_version(name, connectors, self.version))
        return findings

    def _records(self, cloudflare: Cloudflare, target: str) -> list[Finding]:
        settings, findings = self.declared.settings, []
        for zone, number in settings.zones.items():
            names = [hostname for hostname, where in settings.hostnames().items() if where == zone]
            try:
                present = cloudflare.records(number or cloudflare.zone_id(settings.account_id, zone))
            except Unread as why:
                findings.append(records.RECORDS.unread(zone, why))
                continue
            findings += [records.points_at(hostname, target, present) for hostname in names]
            # A hostname whose record is somebody else's to make may well have one.
            named = [*names, *(route.hostname for route in settings.routes if route.dns == "none")]
            findings.append(records.no_strays(zone, named, target, present))
        return findings
