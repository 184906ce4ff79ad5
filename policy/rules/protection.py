"""Protect on the tunnel."""

from collections.abc import Iterator

from policy.rule import Options, Rule
from policy.stack import Resource, Stack


def _judge(resource: Resource, _: Stack, __: Options) -> Iterator[str]:
    if resource.kind == "ZeroTrustTunnelCloudflared" and not resource.protect:
        yield "a destroy, or a change of account, would delete it, and every hostname with it"


PROTECTION = Rule(
    name="tunnel-is-protected",
    says="The tunnel is protected: no update and no destroy deletes it by accident.",
    remedy="Say `culvert:tunnel: {protect: true}`, or set `protect` on the resource; to delete the tunnel on purpose, say false and bring the stack up first.",
    judge=_judge,
    when="alone",
    level="advisory",
)
