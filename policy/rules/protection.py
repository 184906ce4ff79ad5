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
    remedy="Set `protect` on the tunnel; to delete it on purpose, `pulumi state unprotect` it first.",
    judge=_judge,
    when="alone",
    level="advisory",
)
