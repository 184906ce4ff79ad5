"""The kinds of policy that a policy engine reads, and how flows are written in each."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from components.network_policy.calico import calico_policy_spec
from components.network_policy.cilium import cilium_policy_spec
from components.network_policy.flows import Flow
from components.network_policy.kubernetes import network_policy_spec

Write = Callable[[Mapping[str, str], Iterable[Flow], Iterable[Flow]], dict[str, Any]]


@dataclass(frozen=True)
class PolicyEngine:
    """`write` gives a policy's spec for pods with these labels, from egress and ingress; `prefix` is what the names of
    such policies begin with."""

    api_version: str
    kind: str
    write: Write
    prefix: str = ""

    def path(self, namespace: str) -> str:
        """Where the API server has the policies of a namespace."""
        return f"/apis/{self.api_version}/namespaces/{namespace}/{self.kind.lower().removesuffix('y')}ies"


ENGINES: dict[str, PolicyEngine] = {
    "kubernetes": PolicyEngine("networking.k8s.io/v1", "NetworkPolicy", network_policy_spec),
    "calico": PolicyEngine("projectcalico.org/v3", "NetworkPolicy", calico_policy_spec),
    # As Calico itself keeps it, for clusters that do not run Calico's API server. That one would store a policy of the
    # default tier under this prefix, and find none that is without it.
    "calico-crd": PolicyEngine("crd.projectcalico.org/v1", "NetworkPolicy", calico_policy_spec, prefix="default."),
    "cilium": PolicyEngine("cilium.io/v2", "CiliumNetworkPolicy", cilium_policy_spec),
}


def engine_of(name: str) -> PolicyEngine:
    """The engine of that name. Raises ValueError for others."""
    if name not in ENGINES:
        raise ValueError(f"engine is {name!r}; known are {', '.join(ENGINES)}")
    return ENGINES[name]
