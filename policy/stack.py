"""A stack as rules read it: its resources with their properties, and its configuration."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_RENAMED = {
    "AccessApplication": "ZeroTrustAccessApplication",
    "AccessPolicy": "ZeroTrustAccessPolicy",
    "Record": "DnsRecord",
    "Tunnel": "ZeroTrustTunnelCloudflared",
    "TunnelConfig": "ZeroTrustTunnelCloudflaredConfig",
    "TunnelRoute": "ZeroTrustTunnelCloudflaredRoute",
}
"""Resource types that Cloudflare's provider also registers under a former name."""


@dataclass(frozen=True)
class Resource:
    """One resource.

    `type` is Pulumi's type token. `properties` are its inputs (outputs, once it exists) with secrets in the clear, for
    rules that compare them. `shown` are the same properties without secrets: each is None.
    """

    type: str
    name: str
    properties: Mapping[str, Any] = field(repr=False)
    shown: Mapping[str, Any] = field(repr=False)
    urn: str = ""
    protect: bool = False
    ignored: frozenset[str] = frozenset()
    """Property paths whose changes the program ignores: others decide their values."""

    @property
    def kind(self) -> str:
        """Last part of the type: `Deployment`, `DnsRecord`."""
        kind = self.type.rsplit(":", 1)[-1]
        return _RENAMED.get(kind, kind) if self.type.startswith("cloudflare:") else kind

    @property
    def in_cluster(self) -> bool:
        """Whether it is a Kubernetes object: an account that may read it reads all of it, secret or not."""
        return self.type.startswith("kubernetes:")

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


@dataclass(frozen=True)
class Stack:
    """The resources of one stack, and its configuration: `project:key` → text or JSON."""

    resources: tuple[Resource, ...]
    configuration: Mapping[str, str] = field(default_factory=dict, repr=False)

    def every(self, *kinds: str) -> list[Resource]:
        """The resources of the given kinds."""
        return [resource for resource in self.resources if resource.kind in kinds]
