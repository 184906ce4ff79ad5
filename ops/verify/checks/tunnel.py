"""The tunnel as the API shows it: there, connected by whom it should be, with the rules declared."""

from collections.abc import Mapping
from typing import Any

from pydantic.alias_generators import to_camel

from ops.verify.result import Check, Finding

TUNNEL = Check("api", "tunnel")
CONNECTIONS = Check("api", "connections")
VERSION = Check("api", "version")
RULES = Check("api", "rules")

EACH = 4
"""Connections of one connector, two to each of two data centres."""

_DOWN = "error 1033 (530) on every hostname"
Rule = tuple[str, str, str, str]
_SPELLED = {"match_sn_ito_host": "matchSNItoHost", "no_tls_verify": "noTLSVerify"}
"""Options that the API spells in a way of its own."""


def is_there(name: str, tunnels: list[dict[str, Any]], outputs: Mapping[str, Any]) -> Finding:
    """Whether the account has the tunnel, remotely configured, and it is the one that the last update made."""
    if not tunnels:
        return TUNNEL.failed(
            name,
            "the account has no tunnel of this name",
            visitor="error 1016 (530) where records still point at it, or no such name",
            cause="it was deleted by hand, or the stack was never brought up in this account",
            remedy="pulumi refresh, then pulumi up",
        )
    tunnel = tunnels[0]
    made = outputs.get("tunnelId")
    if made and made != tunnel["id"]:
        return TUNNEL.failed(
            name,
            f"it has the id {tunnel['id']}, and the last update made {made}",
            visitor="error 1016 (530): records point at a tunnel that is gone",
            cause="the tunnel was deleted, and another made under its name",
            remedy="delete the new one if nobody needs it, then pulumi refresh and pulumi up",
        )
    if tunnel.get("config_src") == "local" or tunnel.get("remote_config") is False:
        return TUNNEL.failed(
            name,
            "it is configured locally",
            visitor="503 on every hostname",
            cause="a tunnel with config_src 'local' never hands its rules to connectors",
            remedy="pulumi refresh, then pulumi up, which replaces it",
        )
    return TUNNEL.passed(name, tunnel["id"])


def is_connected(name: str, tunnel: dict[str, Any], connectors: list[dict[str, Any]], replicas: int) -> Finding:
    """Whether as many connectors as there are replicas hold four connections each, and nobody else does."""
    held = [sum(not each.get("is_pending_reconnect") for each in one.get("conns") or []) for one in connectors]
    seen = f"{tunnel.get('status')}; connections per connector: {', '.join(map(str, held)) or 'none'}"
    where = "kubectl logs of its pods says why; port 7844 (UDP and TCP) to Cloudflare's edge must be open"
    if not any(held):
        cause = "no connector runs, or none reaches Cloudflare's edge"
        return CONNECTIONS.failed(name, seen, visitor=_DOWN, cause=cause, remedy=f"look at the pods; {where}")
    if len(connectors) > replicas:
        return CONNECTIONS.failed(
            name,
            f"{seen}; declared: {replicas} connectors",
            visitor="answers that vary: some requests reach a connector that is not this stack's",
            cause="a rollout is under way, or somebody else runs a connector with this tunnel's token",
            remedy="look again in a minute; if they stay, rotate it: raise token.epoch",
        )
    if len(connectors) < replicas or min(held) < EACH or tunnel.get("status") != "healthy":
        return CONNECTIONS.failed(
            name,
            f"{seen}; declared: {replicas} connectors of {EACH}",
            visitor="nothing yet: what is connected carries everything, and there is less to fall back on",
            cause="a pod is not running, or loses its way to some of the edge's data centres",
            remedy=f"look at the pods; {where}",
        )
    return CONNECTIONS.passed(name, seen)


def runs_version(name: str, connectors: list[dict[str, Any]], version: int) -> Finding:
    """Whether every connector runs the configuration that the API holds."""
    if not connectors:
        return VERSION.skipped(name, "nobody is connected")
    # The API leaves it out for connectors that have not reported one.
    running = {one["id"]: one["config_version"] for one in connectors if one.get("config_version") is not None}
    late = sorted(f"{who[:8]} runs {which}" for who, which in running.items() if which != version)
    if late:
        return VERSION.failed(
            name,
            f"the API holds version {version}; {', '.join(late)}",
            visitor="the rules of before the last change, at least on some requests",
            cause="the connector refused the rules (it keeps the old ones), or has not been told yet",
            remedy="kubectl logs of the connector names the rule that it refuses; else restart the Deployment",
        )
    if not running:
        return VERSION.skipped(name, "the API does not say which version they run")
    return VERSION.passed(name, f"all run version {version}")


def follows_rules(
    name: str, wanted: list[dict[str, Any]], found: dict[str, Any], outputs: Mapping[str, Any], private: bool = False
) -> Finding:
    """Whether the API holds the rules declared, in their order, and nothing beside them. `private` says that networks are
    routed through the tunnel besides."""
    config = found.get("config") or {}
    want, have = [_rule(rule) for rule in wanted], [_rule(rule) for rule in config.get("ingress") or []]
    differences = [f"missing: {_shown(rule)}" for rule in want if rule not in have]
    differences += [f"not declared: {_shown(rule)}" for rule in have if rule not in want]
    if not differences and want != have:
        differences.append("in another order")
    if (config.get("warp-routing") or {}).get("enabled") and not private:
        differences.append("not declared: private network routing")
    if _options(config.get("originRequest")):
        differences.append("not declared: options for every origin")
    if differences:
        return RULES.failed(
            name,
            "; ".join(differences),
            visitor="404 on a hostname whose rule is missing; another service behind one whose rule was changed",
            cause="the rules were changed by hand, or the stack file was changed and not brought up",
            remedy="pulumi preview --refresh shows which; pulumi up --refresh puts the declared ones back",
        )
    version, made = found.get("version"), outputs.get("configVersion")
    note = (
        f"; the last update made version {made}, so somebody changed them and back"
        if made not in (None, version)
        else ""
    )
    return RULES.passed(name, f"{len(want)} rules as declared, version {version}{note}")


def with_tags(wanted: list[dict[str, Any]], found: dict[str, Any]) -> list[dict[str, Any]]:
    """The rules declared, with the audience tags that the API's rules have for the same requests."""
    tags = {_rule(rule)[:2]: _access(rule).get("audTag") for rule in (found.get("config") or {}).get("ingress") or []}
    return [
        {**rule, "originRequest": {**_origin(rule), "access": {**_access(rule), "audTag": tags.get(_rule(rule)[:2])}}}
        if _access(rule)
        else rule
        for rule in wanted
    ]


def _origin(rule: dict[str, Any]) -> dict[str, Any]:
    return rule.get("originRequest") or rule.get("origin_request") or {}


def _access(rule: dict[str, Any]) -> dict[str, Any]:
    """What the connector asks of Access, as the API spells it."""
    spelled = {"team_name": "teamName", "aud_tags": "audTag"}
    asked: dict[str, Any] = _origin(rule).get("access") or {}
    return dict(sorted((spelled.get(key, key), value) for key, value in asked.items()))


def _rule(rule: dict[str, Any]) -> Rule:
    options = _options({**_origin(rule), "access": _access(rule)})
    return rule.get("hostname") or "", rule.get("path") or "", rule.get("service") or "", options


def _options(options: dict[str, Any] | None) -> str:
    """Options that say something, as the API spells them and in one order; defaults may be spelled out as false, 0 or nothing."""
    said = {_SPELLED.get(key, to_camel(key)): value for key, value in (options or {}).items() if value}
    return ", ".join(f"{key} {value}" for key, value in sorted(said.items()))


def _shown(rule: Rule) -> str:
    hostname, path, service, options = rule
    return " ".join(part for part in (f"{hostname}{' ' if path else ''}{path}" or "*", "→", service, options) if part)
