"""A stack as rules see it: resources with their properties, and what the settings say."""

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
"""Kinds of Cloudflare's provider that still go by their former names too."""


@dataclass(frozen=True)
class Resource:
    """One resource.

    `type` is Pulumi's type token, `properties` what it was asked to be (or, of a resource already made, what it is) with
    secrets in the clear, for rules that must compare them; `shown` is the same as anybody may read it, secrets being None.
    """

    type: str
    name: str
    properties: Mapping[str, Any] = field(repr=False)
    shown: Mapping[str, Any] = field(repr=False)
    urn: str = ""
    protect: bool = False

    @property
    def kind(self) -> str:
        """Last part of the type: `Deployment`, `DnsRecord`."""
        kind = self.type.rsplit(":", 1)[-1]
        return _RENAMED.get(kind, kind) if self.type.startswith("cloudflare:") else kind

    @property
    def in_cluster(self) -> bool:
        """Whether it is an object of a Kubernetes cluster: whoever may read that one may read all of it."""
        return self.type.startswith("kubernetes:")

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


@dataclass(frozen=True)
class Stack:
    """The resources that are judged together, and the stack's configuration: key with its project → text or JSON."""

    resources: tuple[Resource, ...]
    configuration: Mapping[str, str] = field(default_factory=dict, repr=False)

    def every(self, *kinds: str) -> list[Resource]:
        """The resources of these kinds."""
        return [resource for resource in self.resources if resource.kind in kinds]
