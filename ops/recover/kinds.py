"""Everything that the program creates: one table for `recover` and for the sandbox, which repairs interrupted runs."""

from ops.recover.cloudflare_kinds import AFTER_THE_CONNECTOR, BEFORE_THE_CONNECTOR, CloudflareKind
from ops.recover.object_kinds import OBJECT_KINDS, ObjectKind

Kind = CloudflareKind | ObjectKind

KINDS: dict[str, Kind] = {kind.type: kind for kind in (*BEFORE_THE_CONNECTOR, *OBJECT_KINDS, *AFTER_THE_CONNECTOR)}
"""Kinds by the engine's type, in the order in which they are deleted."""

IN_THE_STATE_ALONE = {
    "random:index/randomPassword:RandomPassword": "a random value exists nowhere but in the state",
    "cloudflare:index/zeroTrustTunnelCloudflaredConfig:ZeroTrustTunnelCloudflaredConfig": (
        "ingress rules are part of their tunnel, and the next update writes them again"
    ),
}
"""Types that are not looked for, each with the reason."""
