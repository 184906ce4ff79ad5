"""A connection as network policies see it: two hosts, a port and a protocol."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Object = Mapping[str, Any]
"""An object of the API server."""
Labels = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Host:
    """One end of a flow: an address and, if a pod has it, that pod's namespace, labels and service account.

    `reserved` are the address' reserved identities in Cilium (`host`, `remote-node`, `kube-apiserver`), `names` the DNS
    names that resolve to it; other engines use neither. `namespace_labels` are those besides
    `kubernetes.io/metadata.name`.
    """

    ip: str
    namespace: str = ""
    labels: Labels = ()
    reserved: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    namespace_labels: Labels = ()
    service_account: str = "default"

    @property
    def is_pod(self) -> bool:
        """Whether policies know it as a pod; a pod on the network of its node is that node's address instead."""
        return bool(self.namespace)

    @property
    def labels_of_namespace(self) -> dict[str, str]:
        """The labels of the pod's namespace, with the one that the API server sets on each."""
        return {**dict(self.namespace_labels), "kubernetes.io/metadata.name": self.namespace}

    def __str__(self) -> str:
        return f"a pod of {self.namespace} at {self.ip}" if self.is_pod else self.ip


@dataclass(frozen=True)
class Flow:
    """A connection between two hosts, to a port of the destination itself: after any Service's translation."""

    source: Host
    destination: Host
    port: int
    protocol: str = "TCP"
    port_names: tuple[str, ...] = ()
    """Names that the destination's pod gives the port."""


def host_of_pod(pod: Object, namespace: Object | None = None, ip: str = "") -> Host:
    """A pod as one end of a flow; `ip` is the address in use, where it has several.

    `namespace` is its Namespace, for the labels.
    """
    spec, metadata = pod.get("spec") or {}, pod["metadata"]
    address = ip or (pod.get("status") or {}).get("podIP") or ""
    if spec.get("hostNetwork"):
        return Host(address, reserved=("remote-node",))
    of_namespace = ((namespace or {}).get("metadata") or {}).get("labels") or {}
    return Host(
        address,
        metadata["namespace"],
        tuple((metadata.get("labels") or {}).items()),
        namespace_labels=tuple(of_namespace.items()),
        service_account=spec.get("serviceAccountName") or "default",
    )


def port_names(pod: Object, port: int, protocol: str = "TCP") -> tuple[str, ...]:
    """The names that a pod's containers give a port. Init containers have ports if they are sidecars."""
    spec = pod.get("spec") or {}
    sidecars = [each for each in spec.get("initContainers") or [] if each.get("restartPolicy") == "Always"]
    return tuple(
        declared["name"]
        for container in [*(spec.get("containers") or []), *sidecars]
        for declared in container.get("ports") or []
        if declared.get("name") and (declared["containerPort"], declared.get("protocol", "TCP")) == (port, protocol)
    )
