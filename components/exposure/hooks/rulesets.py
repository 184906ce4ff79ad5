"""Before a ruleset leaves the state: the stack's rules are taken out of it, and what others made in it stays."""

import os
from collections.abc import Callable
from typing import Any

import pulumi

from components.waf.zone_rulesets import is_ours, mark

API = "https://api.cloudflare.com/client/v4"
SETTABLE = (
    *("id", "ref", "action", "action_parameters", "description", "enabled", "exposed_credential_check", "expression"),
    *("logging", "ratelimit"),
)
"""What a rule is sent with; the rest of what is read of one is the service's own."""


def take_back(owner: str) -> pulumi.ResourceHook:
    """The hook for the rulesets that the stack `owner` keeps, to be called before one is deleted."""
    return pulumi.ResourceHook(f"{owner}-take-back-rules", removal(owner))


def removal(owner: str) -> Callable[[pulumi.ResourceHookArgs], None]:
    """What the hook does.

    Reads the ruleset as it is at that moment. With rules of others in it, it is written back with these alone; without,
    it is deleted. One that is gone is left at that. Raises, and so stops the engine, where the API refuses.
    """

    config = pulumi.Config("cloudflare")
    address = config.get("baseUrl") or os.environ.get("CLOUDFLARE_BASE_URL") or API
    token = config.get("apiToken") or os.environ.get("CLOUDFLARE_API_TOKEN", "")

    def call(method: str, path: str, body: Any = None) -> dict[str, Any] | None:
        """The reply's `result`, None where there is no such thing; with the provider's own address and token."""
        # Here alone: only a run that deletes something needs it.
        import httpx

        with httpx.Client(transport=httpx.HTTPTransport(retries=3), timeout=60) as client:
            headers = {"Authorization": f"Bearer {token}"}
            reply = client.request(method, f"{address.rstrip('/')}{path}", json=body, headers=headers)
        if reply.status_code == 404:
            return None
        if reply.is_error:
            raise RuntimeError(f"{method} {path}: {reply.status_code} {reply.text}")
        return reply.json()["result"] if reply.content else None

    def run(args: pulumi.ResourceHookArgs) -> None:
        path = f"/zones/{(args.old_outputs or {})['zoneId']}/rulesets/{args.id}"
        ruleset = call("GET", path)
        if ruleset is None:
            return
        others = [rule for rule in ruleset.get("rules") or () if not is_ours(rule, owner)]
        if not others:
            call("DELETE", path)
            return
        description = (ruleset.get("description") or "").removesuffix(mark(owner)).rstrip()
        rules = [{key: rule[key] for key in SETTABLE if rule.get(key) is not None} for rule in others]
        call("PUT", path, {"description": description, "rules": rules})

    return run
