"""Each fault is made, verify names it as the cause, and the remedy that it prints, pasted into a shell, mends it.

`tests/unit/ops/verify/test_tried.py` compares the faults here with the catalogue.
"""

import functools
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from clients.errors import KubernetesApiError
from clients.kubernetes import KubernetesApi
from ops.verify.causes import causes
from ops.verify.faults import FAULTS
from ops.verify.result import CheckResult, Status
from tests.e2e.conftest import ACCOUNT, ZONE
from tests.support import kubernetes_services as kinds
from tests.support.deployed_stack import (
    ADDRESS,
    APPS,
    CONNECTORS,
    HOSTS,
    PODS,
    POLICIES,
    SHOP,
    STACK,
    DeployedStack,
    create_pod,
    empty_slice,
)
from tests.support.simulated_logs import LINE, write_log

pytestmark = [pytest.mark.xdist_group("verify"), pytest.mark.usefixtures("environment_of_deployed")]

INSTANCE = "app.kubernetes.io/instance"
SECRETS = f"/api/v1/namespaces/{STACK}/secrets"
SHOP_SERVICES = f"/api/v1/namespaces/{SHOP}/services"
SLICES = f"/apis/discovery.k8s.io/v1/namespaces/{SHOP}/endpointslices"
SHOP_POLICIES = f"/apis/networking.k8s.io/v1/namespaces/{SHOP}/networkpolicies"
TUNNELS = f"/accounts/{ACCOUNT}/cfd_tunnel"
RECORDS = f"/zones/{ZONE}/dns_records"
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
CALICO = "/apis/crd.projectcalico.org/v1/globalnetworkpolicies"
CILIUM = f"/apis/cilium.io/v2/namespaces/{STACK}/ciliumnetworkpolicies"
SSH = {"ports": [{"protocol": "TCP", "port": 22}]}

_ANY = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
GLOBAL_POLICIES: dict[str, Any] = {
    "metadata": {"name": "globalnetworkpolicies.crd.projectcalico.org"},
    "spec": {
        "group": "crd.projectcalico.org",
        "scope": "Cluster",
        "names": {"plural": "globalnetworkpolicies", "singular": "globalnetworkpolicy", "kind": "GlobalNetworkPolicy"},
        "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": _ANY}}],
    },
}
"""The definition of Calico's policies of the whole cluster, without the schema of their fields."""

Steps = Generator[None, list[str], None]
TRIED: dict[str, tuple[str, ...]] = {}
"""The faults that each test makes."""


def tries(*faults: str, following: tuple[str, ...] = ()) -> Callable[[Callable[..., Steps]], Callable[..., None]]:
    """A test of faults, in parts that end with `yield`.

    The first part makes the faults: verify names them as the causes, and `following` as what follows from them. The
    second does what the remedies say in words; the yield before it returns their commands, each once, which are run
    after it, and then every check passes. A third part undoes what is not to stay.
    """

    def decorate(steps: Callable[..., Steps]) -> Callable[..., None]:
        TRIED[steps.__name__] = faults

        @functools.wraps(steps)
        def test(deployed: DeployedStack, **fixtures: Any) -> None:
            parts = steps(deployed, **fixtures)
            next(parts)
            found = deployed.verify()
            assert sorted({one.fault for one in causes(found)}) == sorted(faults), _described(found)
            assert sorted({one.fault for one in found if one.follows_from}) == sorted(following), _described(found)
            commands = list(dict.fromkeys(command for one in causes(found) for command in one.commands))
            with _ended(parts, commands):
                # What only looks comes first: an update may replace what it would look at.
                for command in sorted(commands, key=lambda command: "pulumi " in command):
                    _run(deployed, command)
                deployed.update_outputs()
                deployed.reconnect()
                deployed.wait_for_pods()
                results = deployed.verify()
                assert {one.status for one in results} == {Status.PASSED, Status.SKIPPED}, _described(results)

        return test

    return decorate


@contextmanager
def _ended(parts: Steps, commands: list[str]) -> Iterator[None]:
    """The second part of a test before the block, and the third after it."""
    try:
        parts.send(commands)
    except StopIteration:
        yield
    else:
        yield
        assert next(parts, None) is None
    finally:
        parts.close()


def _run(deployed: DeployedStack, command: str) -> None:
    if " logs " in command:
        for pod in _connectors():
            write_log(deployed.box.home, STACK, pod)
        assert LINE in deployed.shell(command)
    else:
        deployed.shell(command)


def _described(results: list[CheckResult]) -> list[str]:
    return [
        f"{one.check} {one.subject}: {one.fault or one.status} ({one.observed}; from {one.follows_from})"
        for one in results
        if one.status in (Status.FAILED, Status.UNKNOWN)
    ]


def _eventually(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "the condition does not hold after a minute"
        time.sleep(0.1)


def _change(path: str, change: dict[str, Any], position: int = 0) -> str:
    """Patches an object of a list and returns its path."""
    target = f"{path}/{KubernetesApi().items(path)[position]['metadata']['name']}"
    KubernetesApi().patch(target, change)
    return target


def _names(path: str, labels: dict[str, str] | None = None) -> list[str]:
    return [one["metadata"]["name"] for one in KubernetesApi().items(path, labels)]


def _connectors() -> list[str]:
    return _names(PODS, CONNECTORS)


def _token_secret() -> str:
    (secret,) = [name for name in _names(SECRETS) if "token" in name]
    return secret


def _status(pod: str, **status: Any) -> None:
    """Sets the status of a simulated pod."""
    ready = "True" if status.get("ready") else "False"
    conditions = [{"type": kind, "status": ready} for kind in ("Ready", "ContainersReady")]
    container = {"name": "cloudflared", "image": "", "imageID": "", "restartCount": 0, **status}
    change = {"containerStatuses": [{"ready": False, "state": {"running": {}}, **container}], "conditions": conditions}
    KubernetesApi().patch(f"{PODS}/{pod}/status", {"status": change})


def _wait(pod: str, reason: str) -> None:
    """Has a pod's container wait for this reason."""
    _status(pod, state={"waiting": {"reason": reason}}, restartCount=3)


def _merge(path: str, change: dict[str, Any]) -> None:
    """Patches a custom resource, as another manager than kubectl and culvert."""
    KubernetesApi().text("PATCH", path, {}, change, {"Content-Type": "application/merge-patch+json"})


def _without_changed(policy: dict[str, Any]) -> list[Any]:
    """The egress rules of a policy, without the one for the Service `changed`."""
    return [rule for rule in policy["spec"]["egress"] if "'changed'" not in str(rule)]


def _is_served(path: str) -> bool:
    try:
        return KubernetesApi().items(path) is not None
    except KubernetesApiError as error:
        if error.status in (404, 429):  # not yet, or its storage is still initialized
            return False
        raise


def _leads(service: str, pod: str, port: int) -> bool:
    """Whether a Service of the namespace `SHOP` leads to this pod and port."""
    slices = KubernetesApi().items(SLICES, {"kubernetes.io/service-name": service})
    found = [
        (end["targetRef"]["name"], at["port"]) for one in slices for end in one["endpoints"] for at in one["ports"]
    ]
    return found == [(pod, port)]


def _target_port(service: str, port: int) -> None:
    KubernetesApi().patch(f"{SHOP_SERVICES}/{service}", {"spec": {"ports": [{"port": 80, "targetPort": port}]}})


@tries(
    *("record missing", "record with another content", "record not proxied", "rules changed", "Deployment missing"),
    following=("no connector connected",),
)
def test_records_rules_and_a_deleted_deployment(deployed: DeployedStack) -> Steps:
    paths = [f"{RECORDS}/{deployed.record(host)['id']}" for host in HOSTS]
    deployed.api("DELETE", paths[0])
    deployed.api("PATCH", paths[1], {"content": "0123.cfargotunnel.com"})
    deployed.api("PATCH", paths[2], {"proxied": False})
    rules = [{"hostname": HOSTS[0], "service": "http://router.lan"}, {"service": "http_status:404"}]
    deployed.api("PUT", f"{TUNNELS}/{deployed.outputs['tunnelId']}/configurations", {"config": {"ingress": rules}})
    KubernetesApi().delete(APPS)
    _eventually(lambda: not _connectors())
    deployed.connect()
    commands = yield
    assert commands == [f"pulumi up --refresh --stack {STACK}", "kubectl config current-context"]


@tries(
    *("pod without its labels", "policy changed", "another policy for the pods", "Deployment changed"),
    "sample site's Service changed",
    following=("foreign connector", "Service changed"),
)
def test_policies_and_objects_that_were_changed(deployed: DeployedStack) -> Steps:
    cluster = KubernetesApi()
    cluster.patch(f"{PODS}/{_connectors()[0]}", {"metadata": {"labels": {INSTANCE: "other"}}})
    _eventually(lambda: len(_connectors()) == 3)
    egress = _without_changed(cluster.items(POLICIES)[0])
    # An update of the policy would leave the ingress, which culvert's own has not.
    _change(POLICIES, {"spec": {"egress": [*egress, SSH], "ingress": [SSH]}})
    wide = {"metadata": {"name": "wide"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{}]}}
    cluster.create(POLICIES, wide)
    cluster.patch(APPS, {"spec": {"replicas": 1}})
    _eventually(lambda: len(_connectors()) == 2)
    # An update of the Service would leave the label as well.
    cluster.patch(f"/api/v1/namespaces/{STACK}/services/site", {"spec": {"selector": {"release": "two"}}})
    # The pod without its labels still has a connector.
    deployed.connect(4, 4, 4)
    commands = yield
    assert f"kubectl -n {STACK} delete networkpolicies.networking.k8s.io wide" in commands


@tries("tunnel missing", following=("connector exits again and again",))
def test_a_deleted_tunnel(deployed: DeployedStack) -> Steps:
    deployed.connect()
    before = deployed.outputs["tunnelId"]
    deployed.api("DELETE", f"{TUNNELS}/{before}?cascade=true")
    for pod in _connectors():
        _wait(pod, "CrashLoopBackOff")
    yield
    yield
    assert deployed.outputs["tunnelId"] != before
    assert deployed.record()["content"] == deployed.outputs["tunnelTarget"]


OF_ANOTHER_TUNNEL = ("rules changed", "no connector connected", "record with another content")


def _another_tunnel(deployed: DeployedStack, source: str) -> str:
    """Deletes the tunnel and creates another under its name; its path."""
    deployed.connect()
    deployed.api("DELETE", f"{TUNNELS}/{deployed.outputs['tunnelId']}?cascade=true")
    made = deployed.api("POST", TUNNELS, {"name": f"culvert-{STACK}", "config_src": source})
    return f"{TUNNELS}/{made['id']}"


@tries("tunnel of another id", following=OF_ANOTHER_TUNNEL)
def test_a_tunnel_that_was_created_anew(deployed: DeployedStack) -> Steps:
    other = _another_tunnel(deployed, "cloudflare")
    yield
    deployed.api("DELETE", other)


@tries("tunnel locally configured", following=OF_ANOTHER_TUNNEL)
def test_a_tunnel_that_was_created_for_a_connector_with_a_file(deployed: DeployedStack) -> Steps:
    other = _another_tunnel(deployed, "local")
    # Where the stack's outputs cannot be read, nothing says what the tunnel's id is.
    deployed.outputs = {key: value for key, value in deployed.outputs.items() if key != "tunnelId"}
    yield
    deployed.api("DELETE", other)


@tries("token Secret changed", "policy missing", following=("connector exits again and again",))
def test_a_changed_secret_and_a_deleted_policy(deployed: DeployedStack) -> Steps:
    deployed.shell(f"""kubectl -n {STACK} patch secret {_token_secret()} -p '{{"stringData": {{"token": "other"}}}}'""")
    KubernetesApi().delete(f"{POLICIES}/{_names(POLICIES)[0]}")
    for pod in _connectors():
        _wait(pod, "CrashLoopBackOff")
    yield


@tries("token Secret missing", "foreign connector", "connector exits again and again", "token readable")
def test_a_deleted_secret_a_foreign_connector_a_crash_and_a_readable_token(
    deployed: DeployedStack, monkeypatch: pytest.MonkeyPatch
) -> Steps:
    epoch = deployed.setting("token.epoch") or 0
    token = deployed.api("GET", f"{TUNNELS}/{deployed.outputs['tunnelId']}/token")
    KubernetesApi().delete(f"{SECRETS}/{_token_secret()}")
    deployed.connect(4, 4, 4)
    crashing, readable = _connectors()
    _wait(crashing, "CrashLoopBackOff")
    KubernetesApi().patch(f"{PODS}/{readable}", {"metadata": {"annotations": {"note": f"--token {token}"}}})
    commands = yield
    assert f"pulumi config set --path culvert:token.epoch {epoch + 1} --stack {STACK}" in commands
    # The editor with which it is removed.
    monkeypatch.setitem(deployed.env, "KUBE_EDITOR", "sed -i '/ note: /d'")


@tries("no connector connected")
def test_connectors_that_do_not_reach_the_edge(deployed: DeployedStack) -> Steps:
    deployed.connect()
    yield
    # The firewall is opened.
    deployed.connect(4, 4)


@tries("connections missing", "another record for the tunnel")
def test_a_missing_connection_and_a_record_that_is_not_declared(deployed: DeployedStack) -> Steps:
    deployed.connect(4, 3)
    record = {"type": "CNAME", "content": deployed.outputs["tunnelTarget"], "ttl": 1, "proxied": True}
    orphan = deployed.api("POST", RECORDS, {"name": "left-behind.example.com", **record})
    yield
    deployed.api("DELETE", f"{RECORDS}/{orphan['id']}")
    deployed.connect(4, 4)


@tries("connector with earlier rules")
def test_connectors_that_run_earlier_rules(deployed: DeployedStack) -> Steps:
    deployed.connect(4, 4, version=0)
    yield


@tries("Deployment scaled to none", following=("no connector connected",))
def test_an_autoscaler_that_scaled_to_none(deployed: DeployedStack) -> Steps:
    deployed.edit("connector.replicas", "external")
    KubernetesApi().patch(APPS, {"spec": {"replicas": 0}})
    _eventually(lambda: not _connectors())
    deployed.connect()
    yield
    yield
    deployed.edit("connector.replicas", None)


@tries("image cannot be pulled", "pod not ready")
def test_an_image_that_is_gone_and_a_pod_without_connections(deployed: DeployedStack) -> Steps:
    first, second = _connectors()
    _wait(first, "ImagePullBackOff")
    _status(second)
    yield
    # The firewall is opened, and the image comes from a mirror.
    _status(second, ready=True)
    deployed.edit("connector.image.repository", "mirror.example.com/cloudflared")


@tries("container cannot be created", "rules changed")
def test_a_container_that_cannot_be_created_and_rules_that_are_gone(deployed: DeployedStack) -> Steps:
    pod, rules = _connectors()[0], [{"service": "http_status:404"}]
    _wait(pod, "CreateContainerConfigError")
    deployed.api("PUT", f"{TUNNELS}/{deployed.outputs['tunnelId']}/configurations", {"config": {"ingress": rules}})
    yield
    # Once what the pod refers to exists, its node creates the container.
    _status(pod, ready=True)


@tries("pod not scheduled", "pods missing", following=("connections missing",))
def test_nodes_with_a_taint_and_a_quota(deployed: DeployedStack) -> Steps:
    cluster, quotas = KubernetesApi(), f"/api/v1/namespaces/{STACK}/resourcequotas"
    nodes = [f"/api/v1/nodes/{name}" for name in _names("/api/v1/nodes")]
    for node in nodes:
        cluster.patch(node, {"spec": {"taints": [{"key": "batch", "effect": "NoSchedule"}]}})
    first, second = _connectors()
    cluster.delete(f"{PODS}/{first}")
    _eventually(lambda: len(_connectors()) == 2 and first not in _connectors())
    cluster.create(quotas, {"metadata": {"name": "few"}, "spec": {"hard": {"pods": "1"}}})
    _eventually(lambda: "hard" in cluster.get(f"{quotas}/few").get("status", {}))
    cluster.delete(f"{PODS}/{second}")
    _eventually(lambda: len(_connectors()) == 1)
    deployed.connect(4)
    yield
    cluster.delete(f"{quotas}/few")
    deployed.edit("connector.scheduling.tolerations", [{"key": "batch", "operator": "Exists"}])
    yield
    for node in nodes:
        cluster.patch(node, {"spec": {"taints": []}})


@tries(
    *("Service missing", "Service without the route's port", "Service without addresses", "Service changed"),
    *("backend with another port", "backend with other pods", "backend closed to the connector"),
    "route to the address of a Service",
    following=("origin elsewhere", "error 502"),
)
def test_services_and_backends_that_changed(deployed: DeployedStack) -> Steps:
    cluster = KubernetesApi()
    cluster.delete(f"{SHOP_SERVICES}/gone")
    cluster.patch(
        f"{SHOP_SERVICES}/port", {"spec": {"ports": [{"$patch": "replace"}, {"port": 81, "targetPort": 8080}]}}
    )
    cluster.delete(f"{SLICES}/empty-1")
    _target_port("changed", 9090)
    _target_port("declared", 9090)
    cluster.patch(f"{SHOP_SERVICES}/labelled", {"spec": {"selector": {"app": "moved"}}})
    create_pod(cluster, "moved")
    closed = {"podSelector": {"matchLabels": {"app": "closed"}}, "policyTypes": ["Ingress"]}
    cluster.create(SHOP_POLICIES, {"metadata": {"name": "closed"}, "spec": closed})
    cluster.create(SHOP_SERVICES, kinds.service("owner", SHOP, clusterIP=ADDRESS))
    create_pod(cluster, "owner")
    affected = ("gone", "port", "empty", "changed", "declared", "labelled", "closed", "address")
    statuses = dict.fromkeys((f"{name}.example.com" for name in affected), 502)
    leading = (("changed", "changed", 9090), ("declared", "declared", 9090), ("labelled", "moved", 8080))
    for service, pod, port in (*leading, ("owner", "owner", 8080)):
        _eventually(lambda service=service, pod=pod, port=port: _leads(service, pod, port))
    with deployed.answering(statuses):
        yield
        cluster.create(SHOP_SERVICES, kinds.service("gone", SHOP, clusterIP=None))
        deployed.edit_route("port", service=f"http://port.{SHOP}.svc:81")
        cluster.create(SLICES, empty_slice())
        deployed.edit_route("declared", backend={"targetPort": 9090})
        deployed.edit_route("labelled", backend={"podSelector": {"app": "moved"}})
        connectors = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": STACK}}}
        connectors |= {"podSelector": {"matchLabels": CONNECTORS}}
        allowed = {"from": [connectors], "ports": [{"port": 8080}]}
        cluster.patch(f"{SHOP_POLICIES}/closed", {"spec": {"ingress": [allowed]}})
        deployed.edit_route("address", service=f"http://owner.{SHOP}.svc")
        statuses.clear()
        yield


@tries(
    *("policy of the cluster for the pods", "origin closed by a policy of the cluster"),
    following=("error 502",),
)
def test_policies_of_the_whole_cluster(deployed: DeployedStack) -> Steps:
    cluster = KubernetesApi()
    cluster.create(DEFINITIONS, GLOBAL_POLICIES)
    _eventually(lambda: _is_served(CALICO))

    def policy(name: str, **spec: Any) -> str:
        kind = {"apiVersion": "crd.projectcalico.org/v1", "kind": "GlobalNetworkPolicy"}
        cluster.create(CALICO, {**kind, "metadata": {"name": name}, "spec": spec})
        return f"{CALICO}/{name}"

    connectors = "app.kubernetes.io/name == 'cloudflared'"
    wide = policy("wide", selector=connectors, types=["Egress"], egress=[{"action": "Allow"}])
    shop = {"namespaceSelector": f"projectcalico.org/name == '{SHOP}'", "selector": "app == 'closed'"}
    closed = policy("closed", order=1, types=["Ingress"], ingress=[{"action": "Deny"}], **shop)
    statuses = {"closed.example.com": 502}
    with deployed.answering(statuses):
        yield
        _merge(wide, {"spec": {"selector": "app.kubernetes.io/name != 'cloudflared'"}})
        source = {"namespaceSelector": f"projectcalico.org/name == '{STACK}'", "selector": connectors}
        port = {"protocol": "TCP", "destination": {"ports": [8080]}}
        _merge(closed, {"spec": {"ingress": [{"action": "Allow", "source": source, **port}, {"action": "Deny"}]}})
        statuses.clear()
        yield
    cluster.delete(f"{DEFINITIONS}/{GLOBAL_POLICIES['metadata']['name']}")
    _eventually(lambda: not _is_served(CALICO))


@tries(
    *("origin closed by another policy", "origin on a node", "policy changed"),
    following=("Service changed", "origin closed by the policy"),
)
def test_policies_of_cilium(deployed: DeployedStack) -> Steps:
    cluster = KubernetesApi()
    used = {pod["spec"]["nodeName"] for pod in cluster.items(PODS, CONNECTORS)}
    node = next(node for node in cluster.items("/api/v1/nodes") if node["metadata"]["name"] not in used)
    address = next(one["address"] for one in node["status"]["addresses"] if one["type"] == "InternalIP")
    before = deployed.edit_route("address", service=f"http://{address}:8443")
    deployed.edit("networkPolicy.engine", "cilium")
    deployed.up()
    closed = {"k8s:io.kubernetes.pod.namespace": SHOP, "k8s:app": "closed"}
    spec = {"endpointSelector": {}, "egressDeny": [{"toEndpoints": [{"matchLabels": closed}]}]}
    kind = {"apiVersion": "cilium.io/v2", "kind": "CiliumNetworkPolicy"}
    (own,) = cluster.items(CILIUM)
    cluster.create(CILIUM, {**kind, "metadata": {"name": "lockdown"}, "spec": spec})
    # An update of the policy would leave a field that culvert's own has not.
    change = {"egress": _without_changed(own), "ingressDeny": [{"fromEntities": ["world"]}]}
    _merge(f"{CILIUM}/{own['metadata']['name']}", {"spec": change})
    yield
    cluster.delete(f"{CILIUM}/lockdown")
    deployed.edit("networkPolicy.allow", [{"entity": "remote-node", "ports": [8443]}])
    yield
    deployed.edit("networkPolicy", None)
    deployed.edit_route("address", **before)
    deployed.up()


@tries(
    *("record missing", "error 502", "error 503", "error 504", "error of the service", "another answer than declared"),
    "no login",
    following=("error 1016",),
)
def test_what_visitors_get(deployed: DeployedStack) -> Steps:
    deployed.api("DELETE", f"{RECORDS}/{deployed.record('closed.example.com')['id']}")
    policies = f"/accounts/{ACCOUNT}/access/policies"
    (allowing,) = deployed.api("GET", policies)
    bypass = {"name": allowing["name"], "decision": "bypass", "include": [{"everyone": {}}]}
    deployed.api("PUT", f"{policies}/{allowing['id']}", bypass)
    statuses = {**dict(zip(HOSTS, (502, 503, 504), strict=True)), "site.example.com": 500, "fixed.example.com": 200}
    with deployed.answering(statuses):
        yield
        # The services answer again, and the connectors have the rules.
        statuses.clear()
        yield


@tries("error 1033")
def test_connections_that_the_api_has_and_the_edge_has_not(deployed: DeployedStack) -> Steps:
    with deployed.visited():
        yield
        with deployed.answering({}):
            yield


@tries("no answer")
def test_a_network_without_a_way_to_cloudflare(deployed: DeployedStack, monkeypatch: pytest.MonkeyPatch) -> Steps:
    with deployed.answering({}):
        with monkeypatch.context() as network:
            network.setenv("CULVERT_VERIFY_FRONT", "127.0.0.1:1")
            yield
        # From another network.
        yield


def test_the_report_prints_cause_commands_and_what_follows(deployed: DeployedStack) -> None:
    KubernetesApi().patch(APPS, {"spec": {"replicas": 0}})
    deployed.connect()
    _eventually(lambda: not _connectors())
    (cause,) = causes(deployed.verify())
    with pytest.raises(AssertionError) as failed:
        deployed.shell(f"python -m ops verify --stack {STACK}")
    deployed.connect(4, 4)
    KubernetesApi().patch(APPS, {"spec": {"replicas": 2}})
    assert cause.fault == "Deployment changed"
    lines = str(failed.value).splitlines()
    for command in cause.commands:
        assert f"    {command}" in lines
    assert f"  follows from it: connections: culvert-{STACK}" in lines
    assert FAULTS[cause.fault].cause in str(failed.value)


def test_a_stack_that_was_never_brought_up_is_not_a_broken_one(deployed: DeployedStack) -> None:
    new = deployed.project / "Pulumi.new.yaml"
    new.write_text(deployed.file.read_text().replace(f"culvert:namespace: {STACK}", "culvert:namespace: new"))
    with pytest.raises(AssertionError) as failed:
        deployed.shell("python -m ops verify --stack new")
    new.unlink()
    assert "the stack has not been brought up yet: pulumi up --stack new" in str(failed.value)
    assert "✗" not in str(failed.value)
