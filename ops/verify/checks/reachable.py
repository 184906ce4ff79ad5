"""Check of connections to origins: where each leads today, and whether the network policies allow it there."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from clients.errors import CheckUnavailable, KubernetesApiError
from clients.kubernetes import KubernetesApi, Object
from components.network_policy.engines import engine_of
from components.sample_site import sample_site_selector
from ops.expected_stack import ExpectedStack
from ops.verify import declared_policy
from ops.verify.checks.cluster_policies import kind_of
from ops.verify.checks.network_policy import is_own, policies_of
from ops.verify.faults import network as faults
from ops.verify.faults.fault import Fault
from ops.verify.result import Check, CheckResult
from settings import KubernetesService, Route
from settings.options.sample_site import SAMPLE_SITE_PORT, SAMPLE_SITE_TARGET_PORT
from traffic import Flow, Host, Verdict, judge
from traffic.flow import host_of_pod, port_names
from traffic.identities import API_SERVER_LABELS, API_SERVER_SLICES, NODES, reserved_identities
from traffic.judge import name_of
from traffic.services import Endpoint, NoEndpoint, endpoints, service_at

REACHABLE = Check("cluster", "reachable")


@dataclass(frozen=True)
class Origin:
    """What routes connect to: a Service or an address, and a port."""

    address: str
    service: str
    namespace: str
    port: int

    def __str__(self) -> str:
        return f"{self.namespace}/{self.service}:{self.port}" if self.service else f"{self.address}:{self.port}"


class ReachableOrigins:
    """Judges the origins of all routes by the policies in the cluster: those of the stack's namespace, of the
    backend's, and of the whole cluster. Kubernetes' own apply in every cluster, beside those of the stack's engine."""

    def __init__(
        self, api: KubernetesApi, stack: ExpectedStack, pods: Sequence[Object], of_cluster: Sequence[Object] = ()
    ) -> None:
        self._api, self._stack = api, stack
        self._of_cluster = {name_of(policy): policy for policy in of_cluster}
        self._identities = stack.settings.network_policy.engine == "cilium"
        # Pods of one Deployment differ in nothing that a policy selects by, unless they are of two revisions. Cilium
        # also distinguishes the node of a pod from the others.
        alike = {(self._node(pod), *sorted((pod["metadata"].get("labels") or {}).items())): pod for pod in pods}
        self._connectors = list(alike.values())
        self._policies: dict[str, list[Object]] = {}
        self._namespaces: dict[str, Object | None] = {}
        self._services: list[Object] | None = None
        self._unlisted = ""
        self._nodes_and_slices: tuple[list[Object], list[Object]] | None = None

    def run(self) -> list[CheckResult]:
        """One result for each origin."""
        routes: dict[Origin, list[Route]] = {}
        for route in self._stack.updated.routes:
            if origin := self._origin(route):
                routes.setdefault(origin, []).append(route)
        if routes and not self._connectors:
            return [REACHABLE.skipped(self._stack.name, "there are no pods that could connect")]
        return [self._result(origin, found) for origin, found in routes.items()]

    def _origin(self, route: Route) -> Origin | None:
        origin = route.origin
        if origin.port is None or (origin.address is None and not origin.service):
            return None  # no connection, or one to a DNS name outside the cluster
        if origin.address is not None:
            return Origin(str(origin.address), "", "", origin.port)
        return Origin("", origin.service or "", origin.namespace or self._stack.namespace, origin.port)

    def _result(self, origin: Origin, routes: Sequence[Route]) -> CheckResult:
        subject = str(origin)
        try:
            service = self._service(origin)
            if change := self._change_of_site(origin, service):
                named = {"impact": _impact(routes), "service": origin.service}
                return REACHABLE.finds(subject, change, faults.SITE_CHANGED, **named)
            if origin.service and service is None and self._is_declared(origin):
                missing = {"service_namespace": origin.namespace, "service": origin.service}
                observed = "the Service does not exist"
                return REACHABLE.finds(subject, observed, faults.SERVICE_MISSING, impact=_impact(routes), **missing)
            reached = self._reached(origin, service)
            for endpoint, pod in reached:
                for connector in self._connectors:
                    verdict = self._verdict(connector, endpoint, pod)
                    if not verdict.allowed:
                        return self._closed(subject, routes, connector, endpoint, pod, verdict)
        except NoEndpoint as reason:
            return REACHABLE.skipped(subject, f"{reason}: there is no connection to judge")
        except CheckUnavailable as error:
            return REACHABLE.unavailable(subject, error)
        led = " and ".join(dict.fromkeys(_place(endpoint, pod) for endpoint, pod in reached[:3]))
        # Without them, an address counts as one outside the cluster.
        note = f", if it is not a Service's: {self._unlisted}" if self._unlisted and not origin.service else ""
        return REACHABLE.passed(subject, f"leads to {led}, which the network policies allow{note}")

    def _service(self, origin: Origin) -> Object | None:
        """The Service that an origin names, or whose address it is; None if there is none."""
        if origin.service:
            return self._api.find(f"/api/v1/namespaces/{origin.namespace}/services/{origin.service}")
        return self._service_at(origin.address, origin.port)

    def _service_at(self, address: str, port: int) -> Object | None:
        """The Service that has an address; None if there is none, or if the cluster's Services may not be listed."""
        if self._services is None:
            try:
                self._services = self._api.items("/api/v1/services")
            except KubernetesApiError as error:
                self._services, self._unlisted = [], error.reason
        return service_at(self._services, address, port)

    def _change_of_site(self, origin: Origin, service: Object | None) -> str:
        """How the sample site's Service differs from what the stack creates; empty for another Service."""
        site = self._stack.updated.sample_site
        if site is None or (origin.namespace, origin.service) != (self._stack.namespace, site.name):
            return ""
        if service is None:
            return "the Service does not exist"
        found, target = KubernetesService.of(service), SAMPLE_SITE_TARGET_PORT
        ports = {each["port"]: each.get("targetPort", each["port"]) for each in found.spec["ports"]}
        if ports.get(SAMPLE_SITE_PORT) != target:
            leads = f"leads to port {ports[SAMPLE_SITE_PORT]}" if SAMPLE_SITE_PORT in ports else "is missing"
            return f"port {SAMPLE_SITE_PORT} {leads}, and the sample site's pods listen on {target}"
        selector = sample_site_selector(self._stack.name, site.name)
        return "" if found.spec.get("selector") == selector else "selects other pods than the sample site's"

    def _is_declared(self, origin: Origin) -> bool:
        """Whether the routes declare what is behind the Service, so that the check of Services does not read it."""
        return f"{origin.namespace}/{origin.service}" not in self._stack.settings.services_to_read(
            self._stack.namespace
        )

    def _reached(self, origin: Origin, service: Object | None) -> list[tuple[Endpoint, Object | None]]:
        """The endpoints, and the pod of each that is one. Raises NoEndpoint."""
        if service is None:
            if origin.service:
                raise NoEndpoint("the Service does not exist")
            return [(Endpoint(origin.address, origin.port), None)]
        namespace, name = origin.namespace or service["metadata"]["namespace"], service["metadata"]["name"]
        label = {"kubernetes.io/service-name": name}
        slices = self._api.items(f"/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices", label)
        found = endpoints(_of(service, namespace), slices, origin.port)
        selector = service["spec"].get("selector")
        pods = (
            self._api.items(f"/api/v1/namespaces/{namespace}/pods", selector) if any(one.pod for one in found) else []
        )
        by_name = {(namespace, pod["metadata"]["name"]): _of(pod, namespace) for pod in pods}
        return [(one, by_name.get(one.pod) if one.pod else None) for one in found]

    def _verdict(self, connector: Object, endpoint: Endpoint, pod: Object | None) -> Verdict:
        source = self._host(_of(connector, self._stack.namespace))
        destination = self._destination(connector, endpoint, pod)
        names = port_names(pod, endpoint.port) if pod else ()
        policies = [policy for host in {source.namespace, destination.namespace} if host for policy in self._all(host)]
        flow = Flow(source, destination, endpoint.port, port_names=names)
        return judge(flow, [*policies, *self._of_cluster.values()])

    def _destination(self, connector: Object, endpoint: Endpoint, pod: Object | None) -> Host:
        found = self._host(pod, endpoint.address) if pod else Host(endpoint.address)
        if found.is_pod or not self._identities:
            return found
        # Cilium's policies name nodes and the Kubernetes API by identities, and its ranges contain no node.
        if self._nodes_and_slices is None:
            slices = self._api.items(API_SERVER_SLICES, API_SERVER_LABELS)
            self._nodes_and_slices = self._api.items(NODES), slices
        reserved = reserved_identities(endpoint.address, *self._nodes_and_slices, self._node(connector))
        return replace(found, reserved=reserved)

    def _node(self, connector: Object) -> str:
        return (connector.get("spec") or {}).get("nodeName", "") if self._identities else ""

    def _host(self, pod: Object, address: str = "") -> Host:
        return host_of_pod(pod, self._namespace(pod["metadata"]["namespace"]), address)

    def _namespace(self, name: str) -> Object | None:
        if name not in self._namespaces:
            self._namespaces[name] = of_namespace(self._api, name)
        return self._namespaces[name]

    def _all(self, namespace: str) -> list[Object]:
        if namespace not in self._policies:
            engines = {engine_of("kubernetes"), engine_of(self._stack.settings.network_policy.engine)}
            self._policies[namespace] = [
                policy for engine in engines for policy in policies_of(self._api, engine, namespace)
            ]
        return self._policies[namespace]

    def _closed(
        self,
        subject: str,
        routes: Sequence[Route],
        connector: Object,
        endpoint: Endpoint,
        pod: Object | None,
        verdict: Verdict,
    ) -> CheckResult:
        observed = f"leads to {_place(endpoint, pod)}, and {verdict}"
        if verdict.unsupported:
            return REACHABLE.unknown(subject, observed, "read that policy: kubectl describe, or the plugin's own tools")
        fault, values = self._fault(routes, connector, endpoint, pod, verdict)
        return REACHABLE.finds(subject, observed, fault, impact=_impact(routes), **values)

    def _fault(
        self, routes: Sequence[Route], connector: Object, endpoint: Endpoint, pod: Object | None, verdict: Verdict
    ) -> tuple[Fault, dict[str, str]]:
        """What closes the origin, and the values of its texts."""
        stack, policies = self._stack, " and ".join(verdict.policies)
        if all(name in self._of_cluster for name in verdict.policies):
            policy = self._of_cluster[verdict.policies[0]]
            selected = f"the pods of {'the backend' if verdict.direction == 'Ingress' else 'the connector'}"
            shown = {"kind": kind_of(policy).resource, "other": policy["metadata"]["name"]}
            return faults.CLOSED_BY_CLUSTER, {"selected": selected, "port": str(endpoint.port), **shown}
        if verdict.direction == "Ingress":
            namespace = pod["metadata"]["namespace"] if pod else stack.namespace
            return faults.CLOSED_BY_BACKEND, {"port": str(endpoint.port), "backend_namespace": namespace}
        own = {name_of(policy) for policy in self._all(stack.namespace) if is_own(policy, stack.name)}
        if not own & {*verdict.policies}:
            return faults.CLOSED_BY_OTHER, {"policies": policies}
        labels = (pod["metadata"].get("labels") or {}) if pod else {}
        for route in routes:
            backend = route.backend
            if backend and backend.target_port and backend.target_port != endpoint.port:
                ports = {"declared": str(backend.target_port), "port": str(endpoint.port)}
                return faults.OTHER_TARGET_PORT, {"hostname": route.hostname, **ports}
            if pod and backend and backend.pod_selector and not backend.pod_selector.items() <= labels.items():
                return faults.OTHER_PODS, {"hostname": route.hostname}
        destination = self._destination(connector, endpoint, pod)
        if declared_policy.allows(stack, destination, endpoint.port, port_names(pod, endpoint.port) if pod else ()):
            return faults.ORIGIN_CLOSED, {}
        address = routes[0].origin.address
        if address is not None and (service := self._service_at(str(address), routes[0].origin.port or 0)):
            namespace, name = service["metadata"]["namespace"], service["metadata"]["name"]
            url = f"{routes[0].origin.scheme}://{name}.{namespace}.svc:{routes[0].origin.port}"
            return faults.ORIGIN_BY_ADDRESS, {"service": f"{namespace}/{name}", "url": url}
        # A Service that leads to the Kubernetes API is followed by its own identity.
        node = next((one for one in destination.reserved if one in ("host", "remote-node")), "")
        if node and not (routes[0].origin.service and "kube-apiserver" in destination.reserved):
            return faults.ORIGIN_ON_NODE, {"entity": node, "port": str(endpoint.port)}
        return faults.ORIGIN_MOVED, {}


def of_namespace(api: KubernetesApi, name: str) -> Object | None:
    """A Namespace, for its labels; None if these credentials may not read it: policies seldom select by more than its
    name."""
    try:
        return api.find(f"/api/v1/namespaces/{name}")
    except KubernetesApiError:
        return None


def _impact(routes: Sequence[Route]) -> str:
    return f"502 for {', '.join(dict.fromkeys(route.hostname for route in routes))}"


def _place(endpoint: Endpoint, pod: Object | None) -> str:
    return f"pod {pod['metadata']['name']}, port {endpoint.port}" if pod else f"{endpoint.address}:{endpoint.port}"


def _of(item: Object, namespace: str) -> Object:
    """An object with its namespace, which lists do not always name."""
    return {**item, "metadata": {**item["metadata"], "namespace": namespace}}
