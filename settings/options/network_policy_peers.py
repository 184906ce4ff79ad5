"""Peers of the network policy besides the routes' backends: allowed destinations and DNS servers."""

from typing import Annotated, Literal

from annotated_types import MinLen
from pydantic import AfterValidator, model_validator

from settings import references
from settings.errors import reject, require_one
from settings.schema import Accepts, Example, Options
from settings.types.dns import domain_name
from settings.types.kubernetes import LABEL_RULE, Labels, NamespaceName
from settings.types.network import DestinationCidr, DnsServerCidr, Port, Protocol


def _external_name(text: str) -> str:
    if "*" in text:
        reject("must not have *: a policy allows each name that it lists", f"{text.lstrip('*.')}, and each other name")
    name = domain_name(text)
    if name.endswith((".svc", ".cluster.local")):
        problem = "is the name of a Service, but a network policy only sees the pods behind it"
        reject(problem, "namespace and pods instead", references.KUBERNETES_POLICIES)
    return name


ExternalName = Annotated[
    str,
    AfterValidator(_external_name),
    Accepts("a DNS name outside the cluster, such as db.example.net", references.CILIUM_POLICIES, ("db.example.net",)),
]
PeerLabels = Annotated[Labels, Accepts(f"labels with namespace, {LABEL_RULE}", references.KUBERNETES_LABELS)]


def _pods_require_namespace(pods: dict[str, str], namespace: str | None) -> None:
    if pods and namespace is None:
        reject("has pods, but no namespace that they are in", "pods with namespace", references.KUBERNETES_LABELS)


class AllowedPeer(Options):
    """A destination besides the routes' backends, on some ports."""

    SOURCE = references.KUBERNETES_POLICIES

    cidr: DestinationCidr | None = None
    """Addresses outside the cluster. Private addresses are allowed where they are listed here."""
    namespace: Annotated[NamespaceName | None, Example("shop")] = None
    """Namespace of pods."""
    pods: Annotated[PeerLabels, Example({"app": "db"})] = {}
    """Labels of the pods in that namespace. Omitted, every pod of it."""
    name: ExternalName | None = None
    """A DNS name, for an engine that supports names: cilium."""
    entity: Annotated[
        Literal["host", "remote-node", "kube-apiserver"] | None,
        Accepts(source=references.CILIUM_ENTITIES, examples=("host",)),
    ] = None
    """What Cilium knows by a name of its own, for the engine cilium: the connector's node, the other nodes, or the
    Kubernetes API. Pods on the nodes' network are their node."""
    ports: Annotated[tuple[Port, ...], MinLen(1), Example([5432])]
    """Ports of the pods themselves, not of their Service: those are what a network policy sees."""
    protocol: Protocol = "TCP"
    """Protocol of these ports."""

    @model_validator(mode="after")
    def _one_peer(self) -> "AllowedPeer":
        require_one({"cidr": self.cidr, "namespace": self.namespace, "name": self.name, "entity": self.entity})
        _pods_require_namespace(self.pods, self.namespace)
        return self


class DnsServer(Options):
    """DNS servers of the cluster's pods, over UDP and TCP."""

    SOURCE = references.KUBERNETES_DNS

    cidr: DnsServerCidr | None = None
    """Addresses of servers that are not pods, such as NodeLocal DNSCache on each node."""
    namespace: Annotated[NamespaceName | None, Example("openshift-dns")] = None
    """Namespace of the servers' pods."""
    pods: Annotated[PeerLabels, Example({"dns.operator.openshift.io/daemonset-dns": "default"})] = {}
    """Labels of the servers' pods in that namespace. Omitted, every pod of it."""
    port: Annotated[Port, Example(5353)] = 53
    """Port of the pods themselves, not of their Service: that is what a network policy sees."""

    @model_validator(mode="after")
    def _one_peer(self) -> "DnsServer":
        require_one({"cidr": self.cidr, "namespace": self.namespace}, references.KUBERNETES_POLICIES)
        _pods_require_namespace(self.pods, self.namespace)
        return self
