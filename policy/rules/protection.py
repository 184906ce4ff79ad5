"""Rule: the tunnel is protected from deletion."""

from collections.abc import Iterator

from policy.rule import Options, Rule
from policy.stack import Resource, Stack


def _validate(resource: Resource, _: Stack, __: Options) -> Iterator[str]:
    if resource.kind == "ZeroTrustTunnelCloudflared" and not resource.protect:
        yield "it is not protected: a destroy or a change of account would delete it and take every hostname offline"


PROTECTION = Rule(
    name="tunnel-is-protected",
    description="The tunnel is protected: neither an update nor a destroy deletes it by accident.",
    remedy="Set `culvert:tunnel: {protect: true}`, or `protect` on the resource. To delete the tunnel on purpose, set "
    "it to false and run `pulumi up` first.",
    validate=_validate,
    scope="resource",
    enforcement_level="advisory",
)
