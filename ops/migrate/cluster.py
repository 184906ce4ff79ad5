"""What `migrate` reads, from a cluster in place of files."""

from collections.abc import Iterator
from dataclasses import dataclass

from clients.errors import KubernetesApiError
from clients.kubernetes import KubernetesApi
from ops.errors import OperatorError
from ops.migrate.input_object import InputObject, Place
from ops.migrate.kinds import OPERATOR


@dataclass(frozen=True)
class _Resource:
    """A kind and where the API server lists it; of several versions, the first that it serves."""

    kind: str
    group_versions: tuple[str, ...]
    plural: str
    namespaced: bool = True

    def path(self, group_version: str, namespace: str | None) -> str:
        root = f"/api/{group_version}" if "/" not in group_version else f"/apis/{group_version}"
        return f"{root}/namespaces/{namespace}/{self.plural}" if namespace else f"{root}/{self.plural}"


_GATEWAY = ("gateway.networking.k8s.io/v1", "gateway.networking.k8s.io/v1beta1")
RESOURCES = (
    _Resource("Service", ("v1",), "services"),
    _Resource("ConfigMap", ("v1",), "configmaps"),
    _Resource("EndpointSlice", ("discovery.k8s.io/v1",), "endpointslices"),
    _Resource("Deployment", ("apps/v1",), "deployments"),
    _Resource("DaemonSet", ("apps/v1",), "daemonsets"),
    _Resource("StatefulSet", ("apps/v1",), "statefulsets"),
    _Resource("Ingress", ("networking.k8s.io/v1",), "ingresses"),
    _Resource("IngressClass", ("networking.k8s.io/v1",), "ingressclasses", namespaced=False),
    _Resource("HTTPRoute", _GATEWAY, "httproutes"),
    _Resource("Gateway", _GATEWAY, "gateways"),
    _Resource("GatewayClass", _GATEWAY, "gatewayclasses", namespaced=False),
    _Resource("Tunnel", (f"{OPERATOR}/v1alpha2", f"{OPERATOR}/v1alpha1"), "tunnels"),
    _Resource("ClusterTunnel", (f"{OPERATOR}/v1alpha2", f"{OPERATOR}/v1alpha1"), "clustertunnels", namespaced=False),
    _Resource("TunnelBinding", (f"{OPERATOR}/v1alpha1",), "tunnelbindings"),
    _Resource("AccessTunnel", (f"{OPERATOR}/v1alpha1",), "accesstunnels"),
)


def read_cluster(api: KubernetesApi, namespace: str | None) -> list[InputObject]:
    """Every object of the kinds that are read; those in one namespace, if it is given, with the ones that have none.

    A kind that the cluster does not know has no objects. Raises OperatorError with every kind that may not be listed,
    ApiUnreachable where there is no answer.
    """
    found: list[InputObject] = []
    refused: dict[str, KubernetesApiError] = {}
    for resource in RESOURCES:
        try:
            found += _objects(api, resource, namespace if resource.namespaced else None)
        except KubernetesApiError as error:
            if error.status not in (401, 403):
                raise
            refused[resource.plural] = error
    if refused:
        where = f"in the namespace {namespace}" if namespace else "in every namespace"
        first = next(iter(refused.values()))
        remedy = "grant these credentials the verb list for them, or add what they have to files: kubectl get … -o yaml"
        raise OperatorError(f"the API server does not allow to list {', '.join(refused)} {where}: {remedy}. {first}")
    return found


def _objects(api: KubernetesApi, resource: _Resource, namespace: str | None) -> Iterator[InputObject]:
    for group_version in resource.group_versions:
        try:
            items = api.items(resource.path(group_version, namespace))
        except KubernetesApiError as error:
            if error.status != 404:
                raise
            continue
        for item in items:
            name = "/".join(str(item["metadata"][key]) for key in ("namespace", "name") if item["metadata"].get(key))
            # The items of a list lack their kind.
            values = {**item, "apiVersion": group_version, "kind": resource.kind}
            yield InputObject(values, Place(f"{resource.kind} {name}"))
        return
