"""Hook after new ingress rules: waits until connectors run them where a backend of the old ones is in no rule any more.

The engine deletes what a run replaces at its end, and so the policy that opens the old backends. Connectors that still
ran the old rules then would lose every request to such a backend (docs/decisions/backends-close-last.md).
"""

from asyncio import sleep, to_thread
from collections.abc import Mapping
from time import monotonic
from typing import TYPE_CHECKING, Any

import pulumi

from clients.errors import CheckUnavailable
from clients.reply_shape import documented_shape
from components.exposure.hooks.provider_api import provider_api
from components.exposure.hooks.transformation import Transformation, with_hooks

if TYPE_CHECKING:
    from clients.cloudflare import CloudflareApi

RULES = "cloudflare:index/zeroTrustTunnelCloudflaredConfig:ZeroTrustTunnelCloudflaredConfig"
TIMEOUT = 30.0
"""Seconds after which a run continues, whatever connectors run."""
INTERVAL = 0.5
"""Seconds between two reads of the connectors' versions."""
SETTLING = 2.0
"""Seconds to wait once all connectors report the version. Cloudflare does not document when it counts as theirs; in
connectors' logs, `Updated to new configuration` follows a change within a second or two."""


def await_rules(name: str) -> Transformation:
    """Transformation that gives the ingress rules of the exposure `name` the hook."""
    hook = pulumi.ResourceHook(f"{name}-await-rules", wait_for_connectors)

    def transform(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        if args.type_ != RULES:
            return None
        return with_hooks(args, pulumi.ResourceHookBinding(after_update=[hook]))

    return transform


async def wait_for_connectors(args: pulumi.ResourceHookArgs) -> None:
    """The hook. It never fails the run: what it cannot learn within the timeout is a warning."""
    old, new = [
        await pulumi.Output.from_input(inputs or {}).future() or {} for inputs in (args.old_inputs, args.new_inputs)
    ]
    closing = backends(old) - backends(new)
    if not closing:
        return
    version = int((args.new_outputs or {})["version"])
    if problem := await await_version(provider_api(), new["accountId"], new["tunnelId"], version, TIMEOUT):
        pulumi.warn(
            f"After {TIMEOUT:g} s, {problem}. A connector that still runs older rules answers requests to "
            f"{', '.join(sorted(closing))} with 502 once this run ends"
        )


async def await_version(api: "CloudflareApi", account: str, tunnel_id: str, version: int, timeout: float) -> str:
    """Waits until every connector of the tunnel reports this version of the rules, or a later one.

    Returns an empty string; or, after `timeout` seconds, why it is not known that all of them run it.
    """
    deadline = monotonic() + timeout
    while True:
        try:
            with documented_shape():
                connectors = await to_thread(api.connectors, account, tunnel_id)
                behind = [each["id"][:8] for each in connectors if (each.get("config_version") or 0) < version]
        except CheckUnavailable as error:
            problem = f"the connectors of the tunnel cannot be read: {error.reason}"
        else:
            if not behind:
                await sleep(SETTLING if connectors else 0)
                return ""
            problem = f"version {version} of the ingress rules is not reported by connector {' and '.join(behind)}"
        if monotonic() >= deadline:
            return problem
        await sleep(INTERVAL)


def backends(rules: Mapping[str, Any]) -> set[str]:
    """The origins of the rules in these inputs, such as `http://blog.web.svc.cluster.local:80`, without Cloudflare's
    own such as `http_status:404`."""
    listed = (rules.get("config") or {}).get("ingresses") or []
    return {rule["service"] for rule in listed if "://" in rule["service"]}
