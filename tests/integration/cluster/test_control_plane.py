"""The embedded cluster is a real control plane: it admits, rolls out, deletes, and can be restarted."""

import json
import os
import re
import signal
import socket
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml
from kubernetes import client, dynamic
from kubernetes.client.exceptions import ApiException

from clients.kubeconfig import load
from sandbox import cluster, tools
from sandbox.cluster.access import connect
from sandbox.cluster.external import check_external
from sandbox.errors import SandboxError
from sandbox.tools.processes import Supervisor
from tests.support.processes import alive, eventually

pytestmark = pytest.mark.xdist_group("cluster")  # one worker: a cluster takes half a gigabyte


@dataclass
class Cluster:
    """An embedded cluster and its clients, created for each use because the address may change."""

    home: Path
    supervisor: Supervisor
    tools: dict[str, tools.Tool]

    def start(self) -> Path:
        return cluster.start(self.home, self.tools, self.supervisor, print)

    def pid(self, program: str) -> int:
        return json.loads((self.home / "run" / f"{program}.json").read_text())["pid"]

    def pids(self) -> list[int]:
        return [self.pid(program) for program in cluster.PROGRAMS]

    def kill(self, program: str) -> None:
        os.kill(self.pid(program), signal.SIGKILL)

    @property
    def kubeconfig(self) -> Path:
        return self.home / "cluster" / "kubeconfig"

    def core(self) -> client.CoreV1Api:
        with connect(self.kubeconfig) as api:
            return client.CoreV1Api(api)

    def apps(self) -> client.AppsV1Api:
        with connect(self.kubeconfig) as api:
            return client.AppsV1Api(api)

    def create(self, kind: str, namespace: str | None, body: dict[str, Any]) -> Any:
        api = self.apps() if kind == "deployment" else self.core()
        verb = getattr(api, f"create_namespaced_{kind}" if namespace else f"create_{kind}")
        return verb(namespace, body) if namespace else verb(body)

    def has_namespace(self, name: str) -> bool:
        return name in [item.metadata.name for item in self.core().list_namespace().items if item.metadata]

    def available(self, namespace: str, name: str = "web") -> bool:
        """Whether the current generation of a Deployment is rolled out completely."""
        deployment: Any = self.apps().read_namespaced_deployment(name, namespace)
        status, replicas = deployment.status, deployment.spec.replicas
        observed = status.observed_generation == deployment.metadata.generation
        return observed and status.updated_replicas == status.replicas == status.available_replicas == replicas


@pytest.fixture(scope="module")
def new_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Cluster]]:
    clusters: list[Cluster] = []

    def create() -> Cluster:
        home = tmp_path_factory.mktemp("home")
        clusters.append(Cluster(home, Supervisor(home), tools.ensure(cluster.PROGRAMS, print)))
        return clusters[-1]

    yield create
    for cluster_ in clusters:
        cluster_.supervisor.stop_all()


@pytest.fixture(scope="module")
def shared(new_cluster: Callable[[], Cluster]) -> Cluster:
    return new_cluster()


@pytest.fixture
def running(shared: Cluster) -> Cluster:
    shared.start()
    return shared


@pytest.fixture
def namespace(running: Cluster, request: pytest.FixtureRequest) -> str:
    name = re.sub(r"[^a-z0-9]+", "-", request.node.name.removeprefix("test_").lower())[:60].strip("-")
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    running.create("namespace", None, {"metadata": {"name": name, "labels": labels}})
    return name


def pod_spec(**more: Any) -> dict[str, Any]:
    """A pod that the restricted Pod Security level admits."""
    return {
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [
            {
                "name": "web",
                "image": "example.com/web:1",
                "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
            }
        ],
        **more,
    }


def deployment(replicas: int = 3) -> dict[str, Any]:
    labels = {"app": "web"}
    spread = {"maxSkew": 1, "topologyKey": "kubernetes.io/hostname", "whenUnsatisfiable": "DoNotSchedule"}
    spec = pod_spec(topologySpreadConstraints=[{**spread, "labelSelector": {"matchLabels": labels}}])
    return {
        "metadata": {"name": "web"},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": spec},
        },
    }


def test_a_deployment_becomes_available_on_several_nodes_and_rolls(running: Cluster, namespace: str):
    running.create("deployment", namespace, deployment())
    eventually(lambda: running.available(namespace))
    pods: list[Any] = running.core().list_namespaced_pod(namespace).items
    assert len({pod.spec.node_name for pod in pods}) == 3
    assert all([":" in ip.ip for ip in pod.status.pod_ips] == [False, True] for pod in pods)
    patch = {"spec": {"template": {"metadata": {"labels": {"version": "2"}}}}}
    running.apps().patch_namespaced_deployment("web", namespace, patch)
    eventually(lambda: running.available(namespace))
    after: list[Any] = running.core().list_namespaced_pod(namespace).items
    assert {pod.metadata.labels.get("version") for pod in after if not pod.metadata.deletion_timestamp} == {"2"}


def test_a_service_gets_addresses_of_both_families_and_its_endpoints(running: Cluster, namespace: str):
    running.create("deployment", namespace, deployment())
    spec = {"selector": {"app": "web"}, "ports": [{"port": 80}], "ipFamilyPolicy": "RequireDualStack"}
    service = running.create("service", namespace, {"metadata": {"name": "web"}, "spec": spec})
    assert [":" in address for address in service.spec.cluster_ips] == [False, True]

    def endpoints() -> int:
        with connect(running.kubeconfig) as api:
            slices = client.DiscoveryV1Api(api).list_namespaced_endpoint_slice(namespace).items
        return sum(len(item.endpoints or []) for item in slices)

    eventually(lambda: endpoints() == 6)


def test_a_disruption_budget_is_enforced(running: Cluster, namespace: str):
    running.create("deployment", namespace, deployment(replicas=2))
    eventually(lambda: running.available(namespace))
    with connect(running.kubeconfig) as api:
        policy: Any = client.PolicyV1Api(api)
    spec = {"minAvailable": 2, "selector": {"matchLabels": {"app": "web"}}}
    policy.create_namespaced_pod_disruption_budget(namespace, {"metadata": {"name": "web"}, "spec": spec})
    eventually(lambda: policy.read_namespaced_pod_disruption_budget("web", namespace).status.expected_pods == 2)
    pod: Any = running.core().list_namespaced_pod(namespace).items[0]
    core: Any = running.core()
    with pytest.raises(ApiException, match="disruption budget"):
        core.create_namespaced_pod_eviction(pod.metadata.name, namespace, {"metadata": {"name": pod.metadata.name}})


@pytest.mark.parametrize(
    "wrong", [{"hostNetwork": True}, {"securityContext": {}}, {"volumes": [{"name": "v", "hostPath": {"path": "/"}}]}]
)
def test_a_restricted_namespace_rejects(running: Cluster, namespace: str, wrong: dict[str, Any]):
    body = {"metadata": {"name": "wrong"}, "spec": pod_spec(**wrong)}
    with pytest.raises(ApiException, match='violates PodSecurity \\\\"restricted:latest'):
        running.create("pod", namespace, body)


def test_an_unlabelled_namespace_admits_a_privileged_pod(running: Cluster):
    spec = pod_spec(securityContext={})
    spec["containers"][0]["securityContext"] = {"privileged": True}
    running.create("namespace", None, {"metadata": {"name": "lax"}})
    assert running.create("pod", "lax", {"metadata": {"name": "wrong"}, "spec": spec})


def test_a_deleted_namespace_is_removed_with_its_objects(running: Cluster, namespace: str):
    running.create("deployment", namespace, deployment())
    eventually(lambda: running.available(namespace))
    running.core().delete_namespace(namespace)
    eventually(lambda: not running.has_namespace(namespace))


def test_a_deleted_pod_is_removed_at_once_but_not_before_its_finalizer(running: Cluster, namespace: str):
    core: Any = running.core()

    def names() -> list[str]:
        return [pod.metadata.name for pod in core.list_namespaced_pod(namespace).items]

    for name, finalizers in (("free", []), ("held", ["example.com/hold"])):
        metadata = {"name": name, "finalizers": finalizers}
        running.create("pod", namespace, {"metadata": metadata, "spec": pod_spec(terminationGracePeriodSeconds=600)})
    eventually(lambda: {pod.status.phase for pod in core.list_namespaced_pod(namespace).items} == {"Running"})
    for name in ("held", "free"):
        core.delete_namespaced_pod(name, namespace)
    eventually(lambda: names() == ["held"])
    core.patch_namespaced_pod("held", namespace, {"metadata": {"finalizers": None}})
    eventually(lambda: names() == [])


def test_custom_resources_are_validated_and_garbage_collected(running: Cluster, namespace: str, tmp_path: Path):
    with connect(running.kubeconfig) as api:
        kinds = dynamic.DynamicClient(api, cache_file=str(tmp_path / "kinds.json")).resources
        sealed = kinds.get(api_version="bitnami.com/v1alpha1", kind="SealedSecret")
    metadata = {"name": "token", "namespace": namespace}
    object_ = {"apiVersion": sealed.group_version, "kind": sealed.kind, "metadata": metadata}
    with pytest.raises(ApiException, match=r"spec\.encryptedData: Required value"):
        sealed.create(body={**object_, "spec": {}}, namespace=namespace)
    created = sealed.create(body={**object_, "spec": {"encryptedData": {"token": "AAAA"}}}, namespace=namespace)
    owner = {"apiVersion": sealed.group_version, "kind": sealed.kind, "name": "token", "uid": created.metadata.uid}
    running.create("secret", namespace, {"metadata": {**metadata, "ownerReferences": [owner]}})
    sealed.delete(name="token", namespace=namespace)
    eventually(lambda: running.core().list_namespaced_secret(namespace).items == [])


def test_a_restart_keeps_objects_and_address(running: Cluster, namespace: str):
    running.create("deployment", namespace, deployment())
    eventually(lambda: running.available(namespace))
    before = running.kubeconfig.read_text()
    cluster.stop(running.supervisor)
    running.start()
    assert running.kubeconfig.read_text() == before
    assert running.available(namespace)
    running.apps().patch_namespaced_deployment("web", namespace, {"spec": {"replicas": 4}})
    eventually(lambda: running.available(namespace))


def test_starting_a_running_cluster_changes_nothing(running: Cluster):
    before = running.pids()
    running.start()
    assert running.pids() == before


@pytest.mark.parametrize("program", cluster.PROGRAMS)
def test_a_killed_program_is_restarted(running: Cluster, namespace: str, program: str):
    others = {name: running.pid(name) for name in cluster.PROGRAMS if name != program}
    running.kill(program)
    eventually(lambda: not running.supervisor.running(program))
    running.start()
    assert {name: running.pid(name) for name in others} == others
    running.create("deployment", namespace, deployment())
    eventually(lambda: running.available(namespace))


def test_an_api_server_whose_port_is_in_use_moves_and_its_clients_follow(running: Cluster, namespace: str):
    def address() -> tuple[str, int]:
        host, port = yaml.safe_load(running.kubeconfig.read_text())["clusters"][0]["cluster"]["server"].rsplit(":", 1)
        return host, int(port)

    host, port = address()
    running.kill("kube-apiserver")
    eventually(lambda: not running.supervisor.running("kube-apiserver"))
    with socket.create_server(("127.0.0.1", port)):
        running.start()
    assert host == "https://127.0.0.1" == address()[0]
    assert address()[1] != port
    running.create("deployment", namespace, deployment())
    eventually(lambda: running.available(namespace))


def test_only_the_owner_can_read_the_credentials_and_no_argument_or_log_has_them(running: Cluster):
    tokens = running.home / "cluster" / "tokens.csv"
    for path in (running.kubeconfig, tokens, running.home / "cluster" / "certificates" / "apiserver.key"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for folder in ("cluster", "cluster/etcd", "logs"):
        assert stat.S_IMODE((running.home / folder).stat().st_mode) == 0o700
    token = tokens.read_text().split(",")[0]
    assert len(token) > 40
    assert not any(token in " ".join(psutil.Process(pid).cmdline()) for pid in running.pids())
    assert not any(token in path.read_text(errors="replace") for path in (running.home / "logs").iterdir())


def test_only_the_api_server_listens_and_it_rejects_anonymous_requests(running: Cluster):
    listening = [
        (program, connection.laddr.ip)
        for program in cluster.PROGRAMS
        for connection in psutil.Process(running.pid(program)).net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert listening == [("kube-apiserver", "127.0.0.1")]
    server = load(str(running.kubeconfig))
    assert server.request("GET", "/readyz", headers={}, timeout=10).status == 200
    assert server.pool.request("GET", f"{server.url}/readyz").status == 401


def test_two_clusters_run_side_by_side_and_stop_separately(
    running: Cluster, new_cluster: Callable[[], Cluster], namespace: str
):
    second = new_cluster()
    second.start()
    assert not second.has_namespace(namespace)
    assert running.has_namespace(namespace)
    pids = second.pids()
    second.supervisor.stop_all()
    assert not any(map(alive, pids))
    assert second.supervisor.names() == []
    assert running.has_namespace(namespace)


def test_the_error_of_a_program_that_does_not_start_has_its_log(new_cluster: Callable[[], Cluster], tmp_path: Path):
    broken = new_cluster()
    program = tmp_path / "kube-apiserver"
    program.write_text("#!/bin/sh\necho out of luck; exit 1\n")
    program.chmod(0o755)
    broken.tools["kube-apiserver"] = tools.Tool("kube-apiserver", program, "v1.36.3", "this test")
    with pytest.raises(SandboxError, match=r"(?s)kube-apiserver ended at once.*out of luck"):
        broken.start()


def test_the_error_for_damaged_data_says_how_to_start_over(new_cluster: Callable[[], Cluster]):
    damaged = new_cluster()
    log = damaged.home / "cluster" / "etcd" / "member" / "wal" / "0000000000000000-0000000000000000.wal"
    log.parent.mkdir(parents=True)
    log.write_bytes(b"not a log")
    with pytest.raises(SandboxError, match=r"(?s)sandbox down --delete. The end of its log:.*\bpanic: "):
        damaged.start()


def test_an_external_cluster_is_named_by_version_and_address(running: Cluster):
    assert re.fullmatch(r"Kubernetes v1\.\d+\.\d+\S* at https://127\.0\.0\.1:\d+", check_external(running.kubeconfig))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda config: config["users"][0].update(user={"token": "wrong"}), "does not accept its credentials"),
        (lambda config: config["clusters"][0]["cluster"].update(server="https://127.0.0.1:9"), "cannot be reached"),
        (lambda config: config["clusters"][0]["cluster"].pop("certificate-authority-data"), "cannot be reached"),
        (lambda config: config.pop("current-context"), "is not a usable kubeconfig"),
        (lambda config: config.clear(), "is not a usable kubeconfig"),
    ],
)
def test_an_external_cluster_that_does_not_answer_is_reported(
    running: Cluster, tmp_path: Path, change: Callable[[dict[str, Any]], object], message: str
):
    config = yaml.safe_load(running.kubeconfig.read_text())
    change(config)
    path = tmp_path / "kubeconfig"
    path.write_text(yaml.safe_dump(config))
    with pytest.raises(SandboxError, match=f"{re.escape(str(path))}.* {message}") as caught:
        check_external(path)
    assert caught.value.key == "KUBECONFIG"
