"""Checks of the tunnel: it exists, its connectors are connected and up to date, and its ingress rules match."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from pydantic.alias_generators import to_camel

from components.monitoring.metrics import CONNECTIONS_PER_CONNECTOR
from ops.verify.faults import cloudflare as faults
from ops.verify.result import Check, CheckResult

TUNNEL = Check("api", "tunnel")
CONNECTIONS = Check("api", "connections")
VERSION = Check("api", "version")
RULES = Check("api", "rules")

Rule = tuple[str, str, str, str]
"""Hostname, path, service and options of an ingress rule, comparable."""
STARTING = timedelta(seconds=10)
"""How long a connector may take to open its connections: it waits a second after each."""
_API_SPELLING = {"match_sn_ito_host": "matchSNItoHost", "no_tls_verify": "noTLSVerify"}
"""Options whose key in the API is not simply camel case."""


def exists(name: str, tunnels: list[dict[str, Any]], outputs: Mapping[str, Any]) -> CheckResult:
    """Whether the account has the tunnel, remotely configured, and with the id of the last update's `outputs`."""
    if not tunnels:
        return TUNNEL.finds(
            name,
            "the account has no tunnel of this name",
            faults.TUNNEL_MISSING,
        )
    tunnel = tunnels[0]
    deployed = outputs.get("tunnelId")
    if deployed and deployed != tunnel["id"]:
        return TUNNEL.finds(
            name,
            f"its id is {tunnel['id']}, but the last update created {deployed}",
            faults.TUNNEL_OTHER,
        )
    if tunnel.get("config_src") == "local" or tunnel.get("remote_config") is False:
        return TUNNEL.finds(name, "it is locally configured", faults.TUNNEL_LOCAL)
    return TUNNEL.passed(name, tunnel["id"])


def is_starting(connectors: list[dict[str, Any]], now: datetime) -> bool:
    """Whether a connector without all its connections has just started: it opens one after the other."""
    few = [one for one in connectors if _connections(one) < CONNECTIONS_PER_CONNECTOR]
    started = [datetime.fromisoformat(one["run_at"]) for one in few if one.get("run_at")]
    return any(timedelta() <= now - each < STARTING for each in started)


def is_connected(
    name: str, tunnel: dict[str, Any], connectors: list[dict[str, Any]], replicas: int | None
) -> CheckResult:
    """Whether there are as many connectors as replicas, each with four connections. With None, any number will do."""
    counts = [_connections(one) for one in connectors]
    observed = f"{tunnel.get('status')}; connections per connector: {', '.join(map(str, counts)) or 'none'}"
    if not any(counts):
        return CONNECTIONS.finds(name, observed, faults.NO_CONNECTOR)
    declared = f"declared: {'any number of' if replicas is None else replicas} connectors"
    if replicas is not None and len(connectors) > replicas:
        return CONNECTIONS.finds(name, f"{observed}; {declared}", faults.TOO_MANY_CONNECTORS)
    missing = replicas is not None and len(connectors) < replicas
    if missing or min(counts) < CONNECTIONS_PER_CONNECTOR or tunnel.get("status") != "healthy":
        seen = f"{observed}; {declared} with {CONNECTIONS_PER_CONNECTOR} each"
        return CONNECTIONS.finds(name, seen, faults.FEW_CONNECTIONS)
    return CONNECTIONS.passed(name, observed)


def _connections(connector: dict[str, Any]) -> int:
    """How many connections it has, without those that are interrupted."""
    return sum(not each.get("is_pending_reconnect") for each in connector.get("conns") or [])


def version_is_current(name: str, connectors: list[dict[str, Any]], version: int) -> CheckResult:
    """Whether every connector runs `version`, the API's version of the configuration."""
    if not connectors:
        return VERSION.skipped(name, "no connector is connected")
    # The API omits the version of connectors that have not reported one.
    running = {one["id"]: one["config_version"] for one in connectors if one.get("config_version") is not None}
    outdated = sorted(f"{connector[:8]} runs {one}" for connector, one in running.items() if one != version)
    if outdated:
        seen = f"the API has version {version}; {', '.join(outdated)}"
        return VERSION.finds(name, seen, faults.VERSION_BEHIND)
    if not running:
        return VERSION.skipped(name, "the API does not report the version that they run")
    return VERSION.passed(name, f"all run version {version}")


def rules_match(
    name: str,
    expected: list[dict[str, Any]],
    document: dict[str, Any],
    outputs: Mapping[str, Any],
    private: bool = False,
) -> CheckResult:
    """Whether the API's configuration `document` has exactly the expected ingress rules, in their order.

    `private` says that the stack also routes private networks through the tunnel.
    """
    config = document.get("config") or {}
    wanted, present = [_rule(rule) for rule in expected], [_rule(rule) for rule in config.get("ingress") or []]
    differences = [f"missing: {_format(rule)}" for rule in wanted if rule not in present]
    differences += [f"not declared: {_format(rule)}" for rule in present if rule not in wanted]
    if not differences and wanted != present:
        differences.append("in another order")
    if (config.get("warp-routing") or {}).get("enabled") and not private:
        differences.append("not declared: private network routing")
    if _options(config.get("originRequest")):
        differences.append("not declared: options for every origin")
    if differences:
        return RULES.finds(name, "; ".join(differences), faults.RULES_CHANGED)
    version, deployed = document.get("version"), outputs.get("configVersion")
    changed = deployed not in (None, version)
    note = f"; the last update created version {deployed}, so they were changed and restored since" if changed else ""
    return RULES.passed(name, f"{len(wanted)} rules as declared, version {version}{note}")


def with_tags(expected: list[dict[str, Any]], document: dict[str, Any]) -> list[dict[str, Any]]:
    """The expected rules, with the audience tags that the API's rules have for the same hostname and path."""
    present = (document.get("config") or {}).get("ingress") or []
    tags = {_rule(rule)[:2]: _access(rule).get("audTag") for rule in present}
    return [
        {**rule, "originRequest": {**_origin(rule), "access": {**_access(rule), "audTag": tags.get(_rule(rule)[:2])}}}
        if _access(rule)
        else rule
        for rule in expected
    ]


def _origin(rule: dict[str, Any]) -> dict[str, Any]:
    return rule.get("originRequest") or rule.get("origin_request") or {}


def _access(rule: dict[str, Any]) -> dict[str, Any]:
    """A rule's Access options, with the API's keys."""
    api_keys = {"team_name": "teamName", "aud_tags": "audTag"}
    options: dict[str, Any] = _origin(rule).get("access") or {}
    return dict(sorted((api_keys.get(key, key), value) for key, value in options.items()))


def _rule(rule: dict[str, Any]) -> Rule:
    options = _options({**_origin(rule), "access": _access(rule)})
    return rule.get("hostname") or "", rule.get("path") or "", rule.get("service") or "", options


def _options(options: dict[str, Any] | None) -> str:
    """Options with the API's keys, sorted, without empty ones: the API may write a default as false, 0 or nothing."""
    named = {_API_SPELLING.get(key, to_camel(key)): value for key, value in (options or {}).items() if value}
    return ", ".join(f"{key} {value}" for key, value in sorted(named.items()))


def _format(rule: Rule) -> str:
    hostname, path, service, options = rule
    return " ".join(part for part in (f"{hostname}{' ' if path else ''}{path}" or "*", "→", service, options) if part)
