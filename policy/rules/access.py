"""No route without Access, or a word that it is public."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from policy import declared_settings
from policy.ingress_rules import IngressRule, rules_of
from policy.property_paths import UNKNOWN, at, each
from policy.rule import Options, Rule
from policy.stack import Resource, Stack


def _judge(resource: Resource, stack: Stack, options: Options) -> Iterator[str]:
    public = declared_settings.public(stack)
    guarded = [
        target for application in stack.every("ZeroTrustAccessApplication") for target in _targets(application, stack)
    ]
    opened = [
        rule
        for rule in rules_of(resource)
        # A fixed status leads nowhere.
        if rule.scheme != "http_status"
        and (rule.hostname or "*") not in options["public"]
        and rule.option("access", "required") is not True
        and not any(target is UNKNOWN or _covers(target, rule) for target in guarded)
    ]
    count = Counter(rule.hostname for rule in opened)
    for rule in opened:
        # Routes and rules have no name in common: a hostname with as many open rules as routes that say so is as meant.
        if count[rule.hostname] > public[rule.hostname]:
            yield f"{rule.requests} is open to everybody, and nobody said that it is to be"


def _targets(application: Resource, stack: Stack) -> Iterator[Any]:
    """What an application stands before, as `host` or `host/path`; nothing where it lets everybody pass."""
    bypasses = [
        policy for policy in stack.every("ZeroTrustAccessPolicy") if at(policy.properties, "decision") == "bypass"
    ]
    ids = {at(policy.properties, "id") for policy in bypasses} - {None, UNKNOWN}
    policies = each(at(application.properties, "policies"))
    if any(at(policy, "decision") == "bypass" or at(policy, "id") in ids for policy in policies):
        return
    yield at(application.properties, "domain")
    yield from each(at(application.properties, "selfHostedDomains"))
    yield from (at(destination, "uri") for destination in each(at(application.properties, "destinations")))


def _covers(target: Any, rule: IngressRule) -> bool:
    """Whether every request of `rule` meets the application at `target`."""
    if not isinstance(target, str):
        return False
    host, _, path = target.partition("/")
    # A wildcard stands for one label there: https://developers.cloudflare.com/cloudflare-one/access-controls/policies/app-paths/
    same = host == rule.hostname or (host.startswith("*.") and host[1:] == "." + rule.hostname.partition(".")[2])
    return same and (not path or _lies_under(rule.path, "/" + path))


def _lies_under(pattern: str, path: str) -> bool:
    """Whether a rule's path expression takes `path` and what lies under it, and nothing else."""
    # What every match begins with, as long as its end is not optional and no alternative follows that begins otherwise.
    match = re.fullmatch(r"\^((?:[^\\.+*?()|\[\]{}^$]|\\\W)*)(?![?*{])(\$|\(/\|\$\)|[^|]*)", pattern)
    if match is None:
        return False
    literal = re.sub(r"\\(.)", r"\1", match[1])
    return literal.startswith(path + "/") or (literal == path and match[2] in ("$", "(/|$)"))


ACCESS = Rule(
    name="routes-are-guarded",
    says="Every hostname with something behind it stands behind Cloudflare Access, or somebody said that it is public.",
    remedy="Put a Cloudflare Access application before the hostname, or say that it is public: `public: true` on the route, or its name "
    "under this rule's `public`.",
    judge=_judge,
    when="together",
    level="advisory",
    options={
        "public": {
            "type": "array",
            "items": {"type": "string"},
            "default": [],
            "description": "Hostnames that everybody may open, as the tunnel's rules have them; * for a rule without hostname.",
        }
    },
)
