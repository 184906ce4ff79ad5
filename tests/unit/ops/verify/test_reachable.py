"""The check of connections to origins: where each leads today, and what to do where a policy closes it."""

from typing import Any

import pytest

from clients.errors import KubernetesApiError
from components import pod_labels
from components.exposure import arguments
from components.network_policy.engines import engine_of
from components.network_policy.network_policy import policy_spec
from components.sample_site import sample_site_selector
from ops.expected_stack import ExpectedStack
from ops.verify.checks.reachable import ReachableOrigins
from ops.verify.result import CheckResult, Status
from settings import KubernetesService, Settings
from tests.support import kubernetes_services as kinds
from tests.support.policy_evaluators.evaluate import ENGINES
from tests.support.settings_examples import values

LABELS = pod_labels("culvert-dev")
CONNECTOR = {"metadata": {"name": "c-1", "labels": LABELS}, "spec": {}, "status": {"podIP": "10.244.1.5"}}
POD = {"metadata": {"name": "api-1", "labels": {"app": "api", "tier": "web"}}, "spec": {"containers": []}}
ENDPOINT = {"addresses": ["10.244.2.8"], "conditions": {"ready": True}, "targetRef": {"kind": "Pod", "name": "api-1"}}


class Api:
    """An API server whose lists are by the end of their path; a number is the status of a refusal."""

    def __init__(self, port: int, policies: list[dict[str, Any]], service: Any = None, **lists: Any) -> None:
        slices = [{"metadata": {"name": "s"}, "endpoints": [ENDPOINT], "ports": [{"name": "", "port": port}]}]
        found = {"shop/endpointslices": slices, "shop/pods": [POD], **lists}
        self._lists = {key.replace("__", "/"): value for key, value in found.items()}
        self._service = service or kinds.service("api", ports=[{"port": 80, "targetPort": port}])
        self._policies = policies

        self.read: list[str] = []

    def find(self, path: str) -> Any:
        self.read.append(path)
        if path.endswith(f"/services/{self._service['metadata']['name']}"):
            return self._service
        return {"metadata": {"labels": {}}} if path.count("/") == 4 else None

    def items(self, path: str, labels: Any = None) -> Any:
        del labels
        if "policies" in path:
            return [policy for policy in self._policies if self._path(policy) == path]
        self.read.append(path)
        found = self._lists.get(path.split("/namespaces/")[1] if "/namespaces/" in path else path, [])
        if isinstance(found, int):
            raise KubernetesApiError(found, "refused", "grant it")
        return found

    @staticmethod
    def _path(policy: dict[str, Any]) -> str:
        engine = next(each for each in map(engine_of, ENGINES) if each.api_version == policy["apiVersion"])
        return engine.path(policy["metadata"]["namespace"])


def stack(
    *routes: Any, engine: str = "kubernetes", outputs: dict[str, Any] | None = None, **more: Any
) -> ExpectedStack:
    listed = [{"hostname": f"r{number}.example.com", **route} for number, route in enumerate(routes)]
    given = values(*listed, networkPolicy={"engine": engine, **more})
    return ExpectedStack("dev", "culvert-dev", Settings.parse(given), outputs or {})


def policy(expected: ExpectedStack, port: int = 8080) -> dict[str, Any]:
    """The policy that an update wrote when the pods of shop/api listened on `port`."""
    keys = expected.settings.services_to_read("web")
    found = KubernetesService.of(kinds.service("api", ports=[{"port": 80, "targetPort": port}]))
    settings, _ = expected.settings.with_services("web", dict.fromkeys(keys, found), {})
    engine = engine_of(expected.settings.network_policy.engine)
    own = {"app.kubernetes.io/instance": "culvert-dev", "app.kubernetes.io/part-of": "culvert"}
    spec = policy_spec(arguments.network_policy(settings, "culvert-dev", "web"))
    metadata = {"name": "culvert-dev-policy", "namespace": "web", "labels": own}
    return {"apiVersion": engine.api_version, "kind": engine.kind, "metadata": metadata, "spec": spec}


def check(expected: ExpectedStack, api: Api, pods: Any = (CONNECTOR,)) -> list[CheckResult]:
    return ReachableOrigins(api, expected, pods).run()  # pyright: ignore[reportArgumentType]


PLAIN = {"service": "http://api.shop.svc"}
DECLARED = {
    "backend": {"service": "api", "namespace": "shop", "port": 80, "targetPort": 8080, "podSelector": {"app": "api"}}
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("route", [PLAIN, DECLARED])
def test_an_origin_that_the_policies_allow_passes(engine: str, route: dict[str, Any]) -> None:
    expected = stack(route, route, engine=engine)
    (result,) = check(expected, Api(8080, [policy(expected)]))
    assert (result.layer, result.check, result.subject) == ("cluster", "reachable", "shop/api:80")
    assert (result.status, result.observed) == (
        Status.PASSED,
        "leads to pod api-1, port 8080, which the network policies allow",
    )


@pytest.mark.parametrize("engine", ENGINES)
def test_a_target_port_that_the_route_declares_and_the_service_does_not_have_is_named(engine: str) -> None:
    expected = stack(DECLARED, engine=engine)
    (result,) = check(expected, Api(9090, [policy(expected)]))
    assert result.status is Status.FAILED
    kind = engine_of(engine).kind
    assert result.observed == (
        f"leads to pod api-1, port 9090, and {kind} web/culvert-dev-policy allows no such egress"
    )
    assert result.impact == "502 for r0.example.com"
    assert result.cause == "backend.targetPort of r0.example.com is 8080, and precedes the Service's"
    assert result.remedy == "set it to 9090, or leave it out and the Service decides; then update"


def test_a_pod_selector_that_does_not_match_the_pods_is_named() -> None:
    expected = stack({"backend": {**DECLARED["backend"], "podSelector": {"app": "db"}}})
    (result,) = check(expected, Api(8080, [policy(expected)]))
    assert result.cause == "backend.podSelector of r0.example.com does not match the pods, and precedes the Service's"
    assert result.remedy == "correct it, or leave it out and the Service's selector decides; then update"


@pytest.mark.parametrize("engine", ENGINES)
def test_a_service_that_changed_after_the_last_update_needs_another(engine: str) -> None:
    before = KubernetesService.of(kinds.service("api", ports=[{"port": 80, "targetPort": 8080}]))
    expected = stack(PLAIN, engine=engine, outputs={"services": {"shop/api": before.to_output()}})
    (result,) = check(expected, Api(9090, [policy(expected)]))
    assert (result.fault, result.commands) == ("origin elsewhere", ("pulumi up --stack {stack}",))
    assert result.cause == "the Service was created or changed after the last pulumi up"


def test_a_policy_that_was_changed_manually_is_written_again() -> None:
    expected = stack(DECLARED)
    changed = policy(expected)
    changed["spec"]["egress"] = []
    (result,) = check(expected, Api(8080, [changed]))
    assert (result.cause, result.fault) == ("the policy was changed manually", "origin closed by the policy")


def test_a_policy_of_the_backends_namespace_is_named() -> None:
    expected, closed = stack(PLAIN), {"podSelector": {}, "policyTypes": ["Ingress"]}
    metadata = {"name": "default-deny", "namespace": "shop"}
    theirs = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata, "spec": closed}
    (result,) = check(expected, Api(8080, [policy(expected), theirs]))
    assert result.observed.endswith("NetworkPolicy shop/default-deny allows no such ingress")
    assert result.remedy == (
        "allow port 8080 from pods labelled app.kubernetes.io/name=cloudflared of namespace {namespace} there"
    )


def test_another_policy_that_denies_is_named() -> None:
    expected = stack(PLAIN, engine="cilium")
    metadata = {"name": "lockdown", "namespace": "web"}
    spec = {"endpointSelector": {}, "egressDeny": [{"toEntities": ["cluster"]}]}
    denial = {"apiVersion": "cilium.io/v2", "kind": "CiliumNetworkPolicy", "metadata": metadata, "spec": spec}
    (result,) = check(expected, Api(8080, [policy(expected), denial]))
    assert result.cause == "another policy of the namespace selects the connector's pods"
    assert result.remedy.startswith("change CiliumNetworkPolicy web/lockdown, or have it exclude pods labelled")
    spec["egressDeny"] = [{"toGroups": [{"aws": {}}]}]
    (result,) = check(expected, Api(8080, [policy(expected), denial]))
    assert result.status is Status.UNKNOWN
    assert "the field toGroups is not evaluated" in result.observed


def test_addresses_are_judged_too_and_names_outside_the_cluster_are_not() -> None:
    lan, outside = {"service": "https://192.168.7.9:8443"}, {"service": "https://origin.example.net."}
    expected = stack(lan, outside, engine="cilium")
    (result,) = check(expected, Api(8080, [policy(expected)]))
    assert (result.subject, result.status) == ("192.168.7.9:8443", Status.PASSED)
    assert result.observed == "leads to 192.168.7.9:8443, which the network policies allow"


API_SERVICE = kinds.service("kubernetes", "default", selector=None, ports=[{"name": "https", "port": 443}])
API_SLICES = [kinds.endpoint_slice("10.0.0.10", ports=[{"name": "https", "port": 6443}])]
NODES = [{"metadata": {"name": name}, "status": {"addresses": [{"address": ip}]}} for name, ip in (("a", "10.0.0.10"),)]


def test_cilium_knows_the_kubernetes_api_and_nodes_by_identities_and_not_by_ranges() -> None:
    expected = stack({"service": "https://kubernetes.default.svc"}, engine="cilium")
    read = KubernetesService.of(API_SERVICE, API_SLICES)
    expected = ExpectedStack(
        "dev", "culvert-dev", expected.settings, {"services": {"default/kubernetes": read.to_output()}}
    )
    spec = policy_spec(arguments.network_policy(expected.updated, "culvert-dev", "web"))
    assert [{"toEntities": ["kube-apiserver"]}.items() <= rule.items() for rule in spec["egress"]].count(True) == 1
    own = {**policy(stack(engine="cilium")), "spec": spec}
    lists: dict[str, Any] = {"default__endpointslices": API_SLICES, "/api/v1/nodes": NODES}
    (result,) = check(expected, Api(443, [own], API_SERVICE, **lists))
    assert (result.status, result.observed) == (
        Status.PASSED,
        "leads to 10.0.0.10:6443, which the network policies allow",
    )
    # Without the nodes and the API's addresses there is no verdict.
    (result,) = check(expected, Api(443, [own], API_SERVICE, **{**lists, "/api/v1/nodes": 403}))
    assert (result.status, result.remedy) == (Status.UNKNOWN, "grant it")


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("node", "entity"), [("a", "host"), ("b", "remote-node")])
def test_the_address_of_a_node_is_closed_by_cilium_alone(engine: str, node: str, entity: str) -> None:
    connector = {**CONNECTOR, "spec": {"nodeName": node}}
    expected = stack({"service": "http://10.0.0.10:8443"}, engine=engine)
    lists: dict[str, Any] = {"/api/v1/nodes": NODES}
    (result,) = check(expected, Api(8080, [policy(expected)], **lists), [connector])
    if engine != "cilium":
        assert result.status is Status.PASSED
        return
    assert (result.status, result.fault) == (Status.FAILED, "origin on a node")
    allow: dict[str, Any] = {"entity": entity, "ports": [8443]}
    assert result.remedy == f"allow the entity {entity} on port 8443 in networkPolicy.allow, then update"
    mended = policy(stack({"service": "http://10.0.0.10:8443"}, engine=engine, allow=[allow]))
    (result,) = check(expected, Api(8080, [mended], **lists), [connector])
    assert result.status is Status.PASSED


def test_namespaces_nodes_and_slices_are_read_once() -> None:
    addresses = [{"service": f"http://192.168.7.{number}:8443"} for number in (8, 9)]
    expected = stack(PLAIN, *addresses, engine="cilium")
    api = Api(8080, [policy(expected)])
    pods = [{**CONNECTOR, "metadata": {"name": f"c-{n}", "labels": {**LABELS, "n": str(n)}}} for n in (1, 2)]
    assert [result.status for result in check(expected, api, pods)] == [Status.PASSED] * 3
    for path in ("/api/v1/namespaces/web", "/api/v1/namespaces/shop", "/api/v1/nodes"):
        assert api.read.count(path) == 1
    assert sum("namespaces/default/endpointslices" in path for path in api.read) == 1


def test_without_an_endpoint_or_a_connector_there_is_no_connection_to_judge() -> None:
    expected = stack(PLAIN)
    (result,) = check(expected, Api(8080, [], shop__endpointslices=[]))
    assert (result.status, result.observed) == (
        Status.SKIPPED,
        "Service api of shop has no ready pod labelled app=api with port 8080: there is no connection to judge",
    )
    (result,) = check(expected, Api(8080, []), pods=())
    assert result.observed == "there are no pods that could connect"


@pytest.mark.parametrize(
    ("change", "observed"),
    [
        ({}, ""),
        ({"port": 81}, "port 80 is missing, and the sample site's pods listen on 8080"),
        ({"targetPort": 9090}, "port 80 leads to port 9090, and the sample site's pods listen on 8080"),
        ({"selector": {"app": "x"}}, "selects other pods than the sample site's"),
        ({"name": "other"}, "the Service does not exist"),
    ],
)
def test_a_changed_service_of_the_sample_site_is_restored_and_not_followed(
    change: dict[str, Any], observed: str
) -> None:
    given = values({"hostname": "blog.example.com", "service": "http://site"}, sampleSite={"name": "site"})
    expected = ExpectedStack("dev", "culvert-dev", Settings.parse(given))
    port = {"port": 80, "targetPort": 8080, **{key: value for key, value in change.items() if key != "selector"}}
    selector = change.get("selector", sample_site_selector("culvert-dev", "site"))
    service = kinds.service(port.pop("name", "site"), "web", selector=selector, ports=[port])
    slices = [{"metadata": {"name": "s"}, "endpoints": [ENDPOINT], "ports": [{"name": "", "port": 8080}]}]
    api = Api(8080, [], service, web__endpointslices=slices)
    (result,) = check(expected, api)
    if not observed:
        assert result.status is Status.PASSED
        return
    assert (result.subject, result.observed, result.impact) == ("web/site:80", observed, "502 for blog.example.com")
    assert result.fault == "sample site's Service changed"
    assert result.commands == (
        "kubectl -n {namespace} delete service site --ignore-not-found",
        "pulumi up --refresh --stack {stack}",
    )


def test_a_service_that_does_not_exist_is_found_where_the_check_of_services_does_not_read_it() -> None:
    other = kinds.service("other")
    (result,) = check(stack(DECLARED), Api(8080, [], other))
    assert (result.fault, result.observed) == ("Service missing", "the Service does not exist")
    assert result.commands == ("kubectl -n shop get services", "pulumi up --stack {stack}")
    (result,) = check(stack(PLAIN), Api(8080, [], other))
    assert result.status is Status.SKIPPED


def test_what_may_not_be_read_is_unknown() -> None:
    (result,) = check(stack(PLAIN), Api(8080, [], shop__endpointslices=403))
    assert (result.status, result.observed, result.remedy) == (Status.UNKNOWN, "refused", "grant it")


BY_ADDRESS = {"service": "http://10.96.7.7"}


@pytest.mark.parametrize("engine", ENGINES)
def test_the_cluster_ip_address_of_a_service_leads_to_its_pods(engine: str) -> None:
    expected = stack(BY_ADDRESS, engine=engine)
    own = policy(expected)
    lists = {"/api/v1/services": [kinds.service("api")]}
    (result,) = check(expected, Api(8080, [own], **lists))
    assert (result.status, result.subject) == (Status.FAILED, "10.96.7.7:80")
    assert result.observed.startswith("leads to pod api-1, port 8080, and ")
    assert result.cause == (
        "the address is that of Service shop/api, which is translated to its pods before a policy applies"
    )
    assert (
        result.remedy == "change the route to http://api.shop.svc:80, and the policy follows the Service; then update"
    )
    # The policy of a route to the Service itself.
    (result,) = check(expected, Api(8080, [policy(stack(PLAIN, engine=engine))], **lists))
    assert result.status is Status.PASSED


def test_an_address_is_judged_as_one_outside_where_services_may_not_be_listed_and_the_result_says_so() -> None:
    expected = stack(BY_ADDRESS)
    (result,) = check(expected, Api(8080, [policy(expected)], **{"/api/v1/services": 403}))
    assert (result.status, result.observed) == (
        Status.PASSED,
        "leads to 10.96.7.7:80, which the network policies allow, if it is not a Service's: refused",
    )


def test_a_policy_of_the_whole_cluster_that_closes_an_origin_is_named() -> None:
    expected = stack(PLAIN, engine="calico")
    everywhere = {
        "apiVersion": "projectcalico.org/v3",
        "kind": "GlobalNetworkPolicy",
        "metadata": {"name": "lockdown"},
        "spec": {"order": 1, "types": ["Egress"], "selector": "all()", "egress": [{"action": "Deny"}]},
    }
    api: Any = Api(8080, [policy(expected)])
    (result,) = ReachableOrigins(api, expected, [CONNECTOR], [everywhere]).run()
    assert result.observed.endswith("GlobalNetworkPolicy lockdown allows no such egress")
    assert result.cause == "a policy of the whole cluster selects the pods of the connector"
    assert result.commands == ("kubectl get globalnetworkpolicies.projectcalico.org lockdown -o yaml",)
    everywhere["spec"] = {"order": 1, "types": ["Ingress"], "namespaceSelector": "projectcalico.org/name == 'shop'"}
    (result,) = ReachableOrigins(api, expected, [CONNECTOR], [everywhere]).run()
    assert (result.fault, result.cause) == (
        "origin closed by a policy of the cluster",
        "a policy of the whole cluster selects the pods of the backend",
    )
    everywhere["spec"]["tier"] = "security"
    (result,) = ReachableOrigins(api, expected, [CONNECTOR], [everywhere]).run()
    assert result.status is Status.UNKNOWN
