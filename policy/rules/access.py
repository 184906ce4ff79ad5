"""Rule: routes require Access, or are declared public."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from policy import declared_settings
from policy.ingress_rules import IngressRule, rules_of
from policy.property_paths import UNKNOWN, as_list, get_path
from policy.rule import Options, Rule
from policy.stack import Resource, Stack


def _validate(resource: Resource, stack: Stack, options: Options) -> Iterator[str]:
    public = declared_settings.public(stack)
    protected = [
        target for application in stack.every("ZeroTrustAccessApplication") for target in _targets(application, stack)
    ]
    unprotected = [
        rule
        for rule in rules_of(resource)
        # A fixed status has no origin to protect.
        if rule.scheme != "http_status"
        and (rule.hostname or "*") not in options["public"]
        and rule.option("access", "required") is not True
        and not any(target is UNKNOWN or _covers(target, rule) for target in protected)
    ]
    count = Counter(rule.hostname for rule in unprotected)
    for rule in unprotected:
        # Routes and rules share no identifier, so the count per hostname decides: as many unprotected rules as public
        # routes are intended.
        if count[rule.hostname] > public[rule.hostname]:
            yield f"{rule.requests} has no Access application and is not declared public"


def _targets(application: Resource, stack: Stack) -> Iterator[Any]:
    """The targets of an Access application, as `host` or `host/path`; none if a policy bypasses Access."""
    bypasses = [
        policy for policy in stack.every("ZeroTrustAccessPolicy") if get_path(policy.properties, "decision") == "bypass"
    ]
    ids = {get_path(policy.properties, "id") for policy in bypasses} - {None, UNKNOWN}
    policies = as_list(get_path(application.properties, "policies"))
    if any(get_path(policy, "decision") == "bypass" or get_path(policy, "id") in ids for policy in policies):
        return
    yield get_path(application.properties, "domain")
    yield from as_list(get_path(application.properties, "selfHostedDomains"))
    yield from (
        get_path(destination, "uri") for destination in as_list(get_path(application.properties, "destinations"))
    )


def _covers(target: Any, rule: IngressRule) -> bool:
    """Whether the application at `target` covers every request of `rule`."""
    if not isinstance(target, str):
        return False
    host, _, path = target.partition("/")
    # Access wildcards match one label:
    # https://developers.cloudflare.com/cloudflare-one/access-controls/policies/app-paths/
    same = host == rule.hostname or (host.startswith("*.") and host[1:] == "." + rule.hostname.partition(".")[2])
    return same and (not path or _within_path(rule.path, "/" + path))


def _within_path(pattern: str, path: str) -> bool:
    """Whether a rule's path expression matches nothing but `path` and paths below it."""
    # The literal prefix of every match: its last character is not optional, and no alternative follows.
    match = re.fullmatch(r"\^((?:[^\\.+*?()|\[\]{}^$]|\\\W)*)(?![?*{])(\$|\(/\|\$\)|[^|]*)", pattern)
    if match is None:
        return False
    literal = re.sub(r"\\(.)", r"\1", match[1])
    return literal.startswith(path + "/") or (literal == path and match[2] in ("$", "(/|$)"))


ACCESS = Rule(
    name="routes-require-access",
    description="Every route is protected by Cloudflare Access or declared public.",
    remedy="Set `access` on the route, or `public: true` if everyone may open it. For a tunnel outside culvert's "
    "settings, list the hostname in this rule's option `public`.",
    validate=_validate,
    scope="stack",
    enforcement_level="advisory",
    options={
        "public": {
            "type": "array",
            "items": {"type": "string"},
            "default": [],
            "description": "Hostnames that everyone may open, as the ingress rules spell them; * for a rule without "
            "hostname.",
        }
    },
)
