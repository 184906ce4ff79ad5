"""Services of each kind, as the API server returns them."""

from typing import Any

from settings import KubernetesService

Object = dict[str, Any]


def service(name: str, namespace: str = "shop", ports: list[Object] | None = None, **spec: Any) -> Object:
    """A Service; `app: <name>` is its selector, unless `spec` has another."""
    listed = [{"protocol": "TCP", **port} for port in ports or [{"port": 80, "targetPort": 8080}]]
    default = {"type": "ClusterIP", "clusterIP": "10.96.7.7", "selector": {"app": name}, "ports": listed}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": namespace, "uid": "1b2c"},
        "spec": {**default, **spec},
    }


def endpoint_slice(*addresses: str, ports: list[Object], family: str = "IPv4", ready: bool = True) -> Object:
    """An EndpointSlice; a port without a name has an empty one in the API."""
    return {
        "metadata": {"name": "slice"},
        "addressType": family,
        "endpoints": [{"addresses": [each], "conditions": {"ready": ready}} for each in addresses],
        "ports": [{"name": "", "protocol": "TCP", **port} for port in ports],
    }


PLAIN = KubernetesService.of(service("api"))
NAMED_PORT = KubernetesService.of(service("api", ports=[{"name": "web", "port": 80, "targetPort": "http"}]))
HEADLESS = KubernetesService.of(
    service("api", clusterIP="None", ports=[{"port": 80, "targetPort": 8080}]),
    [endpoint_slice("10.244.2.8", ports=[{"port": 8080}])],
)
WITHOUT_SELECTOR = KubernetesService.of(
    service("api", selector=None, ports=[{"port": 80, "targetPort": 9376}]),
    [
        endpoint_slice("192.168.50.7", ports=[{"port": 9376}]),
        endpoint_slice("fd12:3456::7", ports=[{"port": 9376}], family="IPv6", ready=False),
    ],
)
API_SERVER = KubernetesService.of(
    service("kubernetes", "default", selector=None, ports=[{"name": "https", "port": 443, "targetPort": 6443}]),
    [endpoint_slice("10.0.0.10", ports=[{"name": "https", "port": 6443}])],
)
EXTERNAL_NAME = KubernetesService.of(
    service("api", type="ExternalName", externalName="db.example.net.", selector=None, clusterIP=None, ports=None)
)
