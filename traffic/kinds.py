"""Kinds of network policy: of a namespace, and of a whole cluster."""

from dataclasses import dataclass

from traffic.flow import Object


@dataclass(frozen=True)
class Kind:
    """A kind of network policy: `engine` is `kubernetes`, `calico`, `cilium`, or `admin` for what administrators of a
    cluster have beside or above Kubernetes' own."""

    engine: str
    api_version: str
    name: str

    def path(self, namespace: str = "") -> str:
        """Path of the policies of a namespace, or of the cluster, at the API server."""
        within = f"/namespaces/{namespace}" if namespace else ""
        return f"/apis/{self.api_version}{within}/{self._plural}"

    @property
    def group(self) -> str:
        return self.api_version.partition("/")[0]

    @property
    def resource(self) -> str:
        """The kind as kubectl names it: `globalnetworkpolicies.projectcalico.org`."""
        return f"{self._plural}.{self.group}"

    @property
    def _plural(self) -> str:
        return f"{self.name.lower().removesuffix('y')}ies"


KINDS = (
    Kind("kubernetes", "networking.k8s.io/v1", "NetworkPolicy"),
    Kind("calico", "projectcalico.org/v3", "NetworkPolicy"),
    Kind("calico", "crd.projectcalico.org/v1", "NetworkPolicy"),
    Kind("cilium", "cilium.io/v2", "CiliumNetworkPolicy"),
)
"""Policies of a namespace."""
CLUSTER_KINDS = (
    Kind("calico", "projectcalico.org/v3", "GlobalNetworkPolicy"),
    Kind("calico", "crd.projectcalico.org/v1", "GlobalNetworkPolicy"),
    Kind("cilium", "cilium.io/v2", "CiliumClusterwideNetworkPolicy"),
    Kind("admin", "policy.networking.k8s.io/v1alpha1", "AdminNetworkPolicy"),
    Kind("admin", "policy.networking.k8s.io/v1alpha1", "BaselineAdminNetworkPolicy"),
    Kind("admin", "policy.networking.k8s.io/v1alpha2", "ClusterNetworkPolicy"),
)
"""Policies of a whole cluster. What those of `admin` allow is not evaluated, only whether they may decide."""
_ENGINES = {kind.api_version: kind.engine for kind in (*KINDS, *CLUSTER_KINDS)}


def engine_of(policy: Object) -> str:
    """The engine of a policy, by its `apiVersion`."""
    return _ENGINES[policy["apiVersion"]]
