"""Policy engines: the kind of object that each reads, and the function that renders flows as its spec."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from components.network_policy.calico import calico_policy_spec
from components.network_policy.cilium import cilium_policy_spec
from components.network_policy.flows import Flow
from components.network_policy.kubernetes import network_policy_spec
from components.network_policy.rejected import rejected

Write = Callable[[Mapping[str, str], Iterable[Flow], Iterable[Flow]], dict[str, Any]]


@dataclass(frozen=True)
class PolicyEngine:
    """`write` renders a policy's spec for pods with these labels, from egress and ingress; `prefix` starts the names of
    such policies."""

    api_version: str
    kind: str
    write: Write
    prefix: str = ""

    def path(self, namespace: str) -> str:
        """Path of the policies of a namespace at the API server."""
        return f"/apis/{self.api_version}/namespaces/{namespace}/{self._plural}"

    @property
    def resource(self) -> str:
        """The kind as kubectl names it: `networkpolicies.projectcalico.org`. Kinds of several groups share a name."""
        return f"{self._plural}.{self.api_version.partition('/')[0]}"

    @property
    def _plural(self) -> str:
        return f"{self.kind.lower().removesuffix('y')}ies"


ENGINES: dict[str, PolicyEngine] = {
    "kubernetes": PolicyEngine("networking.k8s.io/v1", "NetworkPolicy", network_policy_spec),
    "calico": PolicyEngine("projectcalico.org/v3", "NetworkPolicy", calico_policy_spec),
    # The form that Calico stores, for clusters without Calico's API server. The API server would add this prefix to a
    # policy of the default tier, and finds no policy without it.
    "calico-crd": PolicyEngine("crd.projectcalico.org/v1", "NetworkPolicy", calico_policy_spec, prefix="default."),
    "cilium": PolicyEngine("cilium.io/v2", "CiliumNetworkPolicy", cilium_policy_spec),
}


def engine_of(name: str) -> PolicyEngine:
    """The engine with this name. Raises ArgumentError for unknown names."""
    if name not in ENGINES:
        raise rejected(("engine", f"is {name!r}; accepted: one of {', '.join(ENGINES)}"))
    return ENGINES[name]
