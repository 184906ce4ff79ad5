"""The documents of the input by their kind."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from ops.migrate import service_origins
from ops.migrate.existing_setup import SkippedItem
from ops.migrate.input_object import NOWHERE, InputObject
from ops.migrate.kubernetes_objects import DEFAULT_NAMESPACE, group_of, is_kubernetes, key_of, title_of, titled
from settings import KubernetesService
from settings.plain_text import shortened
from settings.yaml_nodes import LocatedMapping

OPERATOR = "networking.cfargotunnel.com"
"""API group of cloudflare-operator, every kind of which is read."""
_GATEWAY = "gateway.networking.k8s.io"
GROUPS = {
    "Service": "",
    "ConfigMap": "",
    "Pod": "",
    "EndpointSlice": "discovery.k8s.io",
    "Deployment": "apps",
    "DaemonSet": "apps",
    "StatefulSet": "apps",
    "ReplicaSet": "apps",
    "Ingress": "networking.k8s.io",
    "IngressClass": "networking.k8s.io",
    "HTTPRoute": _GATEWAY,
    "Gateway": _GATEWAY,
    "GatewayClass": _GATEWAY,
}
"""API group of each kind that is read, apart from the operator's."""
_CLUSTER_SCOPED = {"ClusterTunnel", "IngressClass", "GatewayClass"}


@dataclass
class Kinds:
    """Kubernetes objects by kind, and `files`, which are the other documents. `namespace` is that of the objects that
    name none, and of the release of chart values; empty where it is not known. `from_cluster` says that the objects are
    all that a cluster has, most of which are not about tunnels."""

    namespace: str = ""
    from_cluster: bool = False
    files: list[InputObject] = field(default_factory=list)
    objects: dict[str, list[InputObject]] = field(default_factory=dict)
    others: list[InputObject] = field(default_factory=list)
    services: dict[str, KubernetesService] = field(default_factory=dict)
    skipped: list[SkippedItem] = field(default_factory=list)
    _by_key: dict[tuple[str, str, str], InputObject] = field(default_factory=dict)

    @classmethod
    def of(cls, documents: Iterable[InputObject], namespace: str | None, *, from_cluster: bool = False) -> "Kinds":
        """Sorts the documents."""
        found = cls(namespace or "", from_cluster)
        unnamed: list[str] = []
        for document in documents:
            if not is_kubernetes(document):
                found.files.append(document)
                continue
            kind, group = str(document.get("kind")), group_of(document)
            if GROUPS.get(kind) != group and group != OPERATOR:
                found.others.append(document)
                continue
            metadata = titled(document, kind).object("metadata")
            named = kind in _CLUSTER_SCOPED or "namespace" in metadata
            if not named and isinstance(metadata.values, LocatedMapping):
                metadata.values["namespace"] = namespace or DEFAULT_NAMESPACE
                unnamed.append(f"{kind} {metadata.text('name')}")
            found._add(kind, document)
        if unnamed and not namespace:
            item, reason = (
                shortened(", ".join(unnamed), 200),
                f"without a namespace, assumed to be in {DEFAULT_NAMESPACE}",
            )
            found.skipped.append(SkippedItem(item, reason, "name their namespace with --namespace NAME", NOWHERE))
        found.services = service_origins.services_of(found.every("Service"), found.every("EndpointSlice"))
        return found

    def _add(self, kind: str, document: InputObject) -> None:
        present = self.objects.setdefault(kind, [])
        earlier = self._by_key.setdefault((kind, *key_of(document)), document)
        if earlier is document:
            present.append(document)
        elif earlier.values != document.values:
            reason = f"another one of this name, at {earlier.place}, is used"
            remedy = "leave one of them out"
            self.skipped.append(SkippedItem(title_of(document), reason, remedy, document.place))

    def every(self, *kinds: str) -> list[InputObject]:
        """The objects of these kinds."""
        return [one for kind in kinds for one in self.objects.get(kind, ())]

    def config_maps(self) -> dict[tuple[str, str], InputObject]:
        """The ConfigMaps by namespace and name."""
        return {key_of(one): one for one in self.every("ConfigMap")}
