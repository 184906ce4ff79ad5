"""What Cilium knows an address by that is no pod's: its reserved identities.

https://docs.cilium.io/en/stable/security/policy/language/#entities-based
"""

from collections.abc import Iterable

from traffic.flow import Object

NODES = "/api/v1/nodes"
API_SERVER_SLICES = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices"
API_SERVER_LABELS = {"kubernetes.io/service-name": "kubernetes"}
"""The labels of the EndpointSlices that have the Kubernetes API's addresses."""


def reserved_identities(
    address: str, nodes: Iterable[Object], slices: Iterable[Object], client_node: str
) -> tuple[str, ...]:
    """The identities of an address, for a client on the node named `client_node`: `host` is that node, `remote-node`
    any other, and `kube-apiserver` may be beside each; none for an address outside the cluster.

    `nodes` are the cluster's, `slices` the EndpointSlices of the Service `kubernetes`.
    """
    names = {one["address"]: node["metadata"]["name"] for node in nodes for one in _addresses(node)}
    of_api = {ip for one in slices for endpoint in one.get("endpoints") or [] for ip in endpoint["addresses"]}
    of_node = (("host" if names[address] == client_node else "remote-node"),) if address in names else ()
    return (*of_node, *(("kube-apiserver",) if address in of_api else ()))


def _addresses(node: Object) -> Iterable[Object]:
    return (node.get("status") or {}).get("addresses") or []
