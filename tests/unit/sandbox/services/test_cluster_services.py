"""Services that a rehearsal takes for granted: made up from the stack file, or given as manifests."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from sandbox.errors import SandboxError
from sandbox.services import cluster_services
from sandbox.services.cluster_services import MADE_UP, assumed_services, read_manifests
from settings import KubernetesService, Settings
from tests.support import kubernetes_services as kinds
from tests.support.settings_examples import values

EXISTING = {"namespace": {"name": "web", "create": False}}


def settings(*services: Any, **changes: Any) -> Settings:
    routes = [
        {"hostname": f"r{number}.example.com", "service" if isinstance(each, str) else "backend": each}
        for number, each in enumerate(services)
    ]
    return Settings.parse(values(*routes, **{"networkPolicy": {"preset": "guide"}, **changes}))


def assumed(*services: Any, **changes: Any) -> dict[str, dict[str, Any]]:
    """The Services that are made up, by name, with their ports and selector."""
    return {
        "/".join((each["metadata"]["namespace"], each["metadata"]["name"])): {
            "ports": {port["port"]: port["targetPort"] for port in each["spec"]["ports"]},
            "selector": each["spec"]["selector"],
        }
        for each in assumed_services(settings(*services, **changes), "web")
    }


def write(folder: Path, *documents: Any, name: str = "services.yaml") -> Path:
    (folder / name).write_text(yaml.safe_dump_all(documents))
    return folder


def refused(folder: Path) -> str:
    with pytest.raises(SandboxError) as caught:
        read_manifests(folder)
    return str(caught.value)


def test_a_service_is_made_up_with_all_its_ports() -> None:
    assert assumed("http://api.shop.svc", "http://api.shop:81", "http://blog", **EXISTING) == {
        "shop/api": {"ports": {80: 80, 81: 81}, "selector": {"app.kubernetes.io/name": "api"}},
        "web/blog": {"ports": {80: 80}, "selector": {"app.kubernetes.io/name": "blog"}},
    }


def test_a_service_is_made_up_as_a_backend_declares_it() -> None:
    backend = {"service": "api", "namespace": "shop", "port": 80, "targetPort": 8080, "podSelector": {"app": "api"}}
    expected = {"shop/api": {"ports": {80: 8080}, "selector": {"app": "api"}}}
    assert assumed(backend, "http://api.shop.svc") == assumed("http://api.shop.svc", backend) == expected


def test_none_is_made_up_in_the_namespace_that_the_stack_creates() -> None:
    assert assumed("http://blog", "http://blog.web.svc", "http://api.shop.svc").keys() == {"shop/api"}


def test_what_is_no_service_or_the_clusters_own_is_not_made_up() -> None:
    outside = ("https://example.org.", "https://www.example.org", "http://192.168.1.20", "http_status:404")
    assert assumed(*outside, "https://kubernetes.default.svc") == {}


def test_a_made_up_service_is_labelled_as_one() -> None:
    (service,) = assumed_services(settings("http://api.shop.svc"), "web")
    assert service["metadata"]["labels"] == {MADE_UP: "true"}


def test_manifests_are_services_and_slices_of_every_file_without_what_a_cluster_assigns(tmp_path: Path) -> None:
    service = kinds.service("api", ports=[{"port": 80, "targetPort": "http", "nodePort": 30080}], type="NodePort")
    slices = {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        **kinds.endpoint_slice("192.0.2.1", ports=[]),
    }
    write(tmp_path, {"apiVersion": "v1", "kind": "List", "items": [service, {"kind": "Pod"}]}, None)
    (tmp_path / "more").mkdir()
    write(tmp_path / "more", slices, name="slice.json")
    (found, found_slice) = sorted(read_manifests(tmp_path), key=lambda each: each["kind"], reverse=True)
    assert found["metadata"] == {"name": "api", "namespace": "shop", "labels": {}}
    assert found["spec"] == {
        "selector": {"app": "api"},
        "ports": [{"protocol": "TCP", "port": 80, "targetPort": "http"}],
    }
    assert found_slice["metadata"]["namespace"] == "default"
    assert found_slice["endpoints"] == slices["endpoints"]


@pytest.mark.parametrize("kind", ["PLAIN", "HEADLESS", "EXTERNAL_NAME"])
def test_a_manifest_keeps_all_that_a_policy_depends_on(tmp_path: Path, kind: str) -> None:
    expected: KubernetesService = getattr(kinds, kind)
    manifest = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "api", "namespace": "shop"},
        "spec": {"type": "ClusterIP", **expected.spec},
    }
    (found,) = read_manifests(write(tmp_path, manifest))
    read = KubernetesService.of({**found, "spec": {"type": "ClusterIP", **found["spec"]}})
    assert read.spec == {**expected.spec, "type": expected.spec["type"]}


def test_the_clusters_own_service_of_the_api_is_left_alone(tmp_path: Path) -> None:
    write(tmp_path, kinds.service("kubernetes", "default"), kinds.service("api"))
    names = [each["metadata"]["name"] for each in read_manifests(tmp_path)]
    assert names == ["api"]


def test_a_folder_without_services_and_a_broken_file_are_refused(tmp_path: Path) -> None:
    assert "has no manifest of a Service" in refused(tmp_path)
    assert "has no manifest of a Service" in refused(write(tmp_path, "text", ["list"], {"kind": "Service"}))
    (tmp_path / "broken.yaml").write_text("a: [")
    assert "broken.yaml cannot be read" in refused(tmp_path)


def test_slices_are_taken_where_a_policy_depends_on_them(tmp_path: Path) -> None:
    def slices(name: str) -> dict[str, Any]:
        labels = {"kubernetes.io/service-name": name}
        described = kinds.endpoint_slice("192.0.2.1", ports=[{"port": 80}])
        described["endpoints"][0]["targetRef"] = {"kind": "Pod", "name": "of-another-cluster"}
        metadata = {"name": name, "namespace": "shop", "labels": labels}
        return {**described, "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": metadata}

    services = [kinds.service("api"), kinds.service("db", selector=None), kinds.service("web", clusterIP="None")]
    write(tmp_path, *services, *(slices(each["metadata"]["name"]) for each in services))
    found = [each for each in read_manifests(tmp_path) if each["kind"] == "EndpointSlice"]
    assert [each["metadata"]["name"] for each in found] == ["db", "web"]
    assert found[0]["endpoints"] == [{"addresses": ["192.0.2.1"], "conditions": {"ready": True}}]


def test_objects_that_culvert_creates_are_left_out(tmp_path: Path) -> None:
    own = kinds.service("culvert-prod-metrics")
    own["metadata"]["labels"] = {"app.kubernetes.io/part-of": "culvert"}
    assert [each["metadata"]["name"] for each in read_manifests(write(tmp_path, own, kinds.service("api")))] == ["api"]


class Cluster:
    """A cluster without objects, which records what is created."""

    def __init__(self) -> None:
        self.created: list[str] = []

    def find(self, path: str) -> None:
        assert path

    def items(self, *arguments: Any) -> list[Any]:
        assert arguments
        return []

    def delete(self, path: str) -> None:
        assert path

    def text(self, method: str, path: str, query: Any, item: dict[str, Any], headers: Any) -> None:
        assert (method, query, headers) == ("POST", {}, {"Content-Type": "application/json"})
        self.created.append(f"{path}/{item['metadata']['name']}")


def test_objects_of_the_namespace_that_the_stack_creates_wait_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster, said = Cluster(), list[str]()
    monkeypatch.setattr(cluster_services, "KubernetesApi", lambda _: cluster)
    write(tmp_path, kinds.service("blog", "web"), kinds.service("api"))
    created = cluster_services.created_namespace(settings("http://blog"), "web")
    cluster_services.apply_manifests(tmp_path / "kubeconfig", read_manifests(tmp_path), created, said.append)
    assert cluster.created == ["/api/v1/namespaces/shop", "/api/v1/namespaces/shop/services/api"]
    assert said == ["not there before the stack has created the namespace web: blog. Run up again then"]
    assert cluster_services.created_namespace(settings("http://blog", **EXISTING), "web") is None


class Shop(Cluster):
    """A cluster with one Service, and pods in its namespace."""

    def __init__(self, service: dict[str, Any], *pods: dict[str, Any]) -> None:
        super().__init__()
        self._service, self._pods = service, list(pods)

    def find(self, path: str) -> Any:
        return self._service if path.endswith("/services/api") else None

    get = find

    def items(self, *arguments: Any) -> list[Any]:
        assert arguments == ("/api/v1/namespaces/shop/pods", {"app.kubernetes.io/name": "api"})
        return self._pods


def pod(*ports: int, ready: str = "True") -> dict[str, Any]:
    containers = [{"name": "c", "ports": [{"containerPort": port} for port in ports]}]
    return {
        "metadata": {"name": "p"},
        "spec": {"containers": containers},
        "status": {"conditions": [{"type": "Ready", "status": ready}]},
    }


@pytest.mark.parametrize(
    ("pods", "missing"),
    [([], True), ([pod(ready="False")], True), ([pod(9090)], True), ([pod(8080)], False), ([pod()], False)],
)
def test_a_service_that_is_made_up_without_pods_is_reported_with_their_labels_and_port(
    pods: list[Any], missing: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (made,) = assumed_services(settings({"service": "api", "namespace": "shop", "port": 80, "targetPort": 8080}), "web")
    said = list[str]()
    monkeypatch.setattr(cluster_services, "KubernetesApi", lambda _: Shop(made, *pods))
    cluster_services.make_up(tmp_path / "kubeconfig", [made], said.append)
    problem = "Service shop/api has no ready pod labelled app.kubernetes.io/name=api with port 8080"
    assert [text.partition(", so visitors get error 502. ")[0] for text in said] == [problem] * missing
    assert all("--manifests" in text for text in said)
    # Not one that the sandbox did not make.
    own = {**made, "metadata": {**made["metadata"], "labels": {}}}
    monkeypatch.setattr(cluster_services, "KubernetesApi", lambda _: Shop(own))
    said.clear()
    cluster_services.make_up(tmp_path / "kubeconfig", [made], said.append)
    assert said == []
