"""Requests from a hostname, through cloudflared in pods of the cluster, to a Service."""

import asyncio
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import websockets

from sandbox import tools
from sandbox.kubelet.__main__ import supports_mount_namespaces
from tests.support.emulator import TUNNELS, emulator_process
from tests.support.kubelet_cluster import LABELS, KubeletCluster, KubeletProcess, eventually, namespace
from tests.support.local_edge import ExposedHostname, LocalEdge, async_test, running, until

BINARY = tools.find_cloudflared()
pytestmark = pytest.mark.cloudflared


PORTS = [
    {"name": "http", "port": 80, "targetPort": 8080},
    {"name": "https", "port": 443, "targetPort": 8443},
    {"name": "ssh", "port": 2222, "targetPort": 22},
]


@dataclass
class Site:
    """The Service `blog` at a hostname, whose tunnel has two connector pods."""

    edge: LocalEdge
    cluster: KubeletCluster
    exposed: ExposedHostname

    def service(self, scheme: str, port: int) -> str:
        return f"{scheme}://blog.{self.cluster.namespace}.svc.cluster.local:{port}"

    async def configure(self, service: str, **options: object) -> None:
        """Configures the hostname's service, and waits until both connectors run that."""
        version = self.edge.configure(self.exposed, service, **options)
        await until(lambda: self._applied_versions() == {version})

    def _applied_versions(self) -> set[int]:
        connectors = self.edge.api.done("GET", f"{TUNNELS}/{self.exposed.tunnel_id}/connections")
        return {connector.get("config_version", -1) for connector in connectors}

    def connector_uids(self) -> set[str]:
        pods = (pod["metadata"] for pod in self.cluster.pods())
        return {pod["uid"] for pod in pods if LABELS.items() <= pod["labels"].items()}


@pytest.fixture(scope="module")
def site(kubelet: KubeletProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    assert BINARY
    kubelet.stop()
    with (
        namespace(kubelet, "traffic", tmp_path_factory.mktemp("switches")) as cluster,
        emulator_process(kubelet.home.path / "cloudflare.sqlite3") as api,
    ):
        api.seed()
        with running(kubelet.home, api) as edge:
            exposed = edge.expose("traffic")
            site = Site(edge, cluster, exposed)
            edge.configure(exposed, site.service("http", 80))
            cluster.create("pods", "blog-0", labels={"app": "blog"}, spec={"containers": [{"name": "c", "image": "i"}]})
            cluster.create("services", "blog", spec={"selector": {"app": "blog"}, "ports": PORTS})
            cluster.create("secrets", "token", stringData={"token": exposed.token})
            kubelet.start(BINARY.path, {"frontend": edge.frontend, "edge": edge.ports})
            try:
                cluster.deploy(
                    replicas=2,
                    env=[{"name": "TUNNEL_TOKEN_FILE", "value": "/etc/token/token"}],
                    volumeMounts=[
                        {"name": "t", "mountPath": "/etc/token"},
                        {"name": "ca", "mountPath": "/etc/culvert/ca"},
                    ],
                    volumes=[
                        {"name": "t", "secret": {"secretName": "token"}},
                        {"name": "ca", "configMap": {"name": "kube-root-ca.crt"}},
                    ],
                )
                eventually(lambda: cluster.available() == 2)
                yield site
            finally:
                kubelet.stop()


@pytest.fixture
def _needs_mount_namespaces() -> None:
    with tempfile.TemporaryDirectory() as folder:
        if not supports_mount_namespaces(Path(folder)):
            pytest.skip("this machine gives processes no mounts of their own")


@async_test
async def test_visitors_reach_the_service(site: Site) -> None:
    response = await site.edge.get(site.exposed.host, "/a")
    expected = f"Service blog of namespace {site.cluster.namespace}, port 80: GET /a to pod blog-0, port 8080."
    assert expected in response.text


@pytest.mark.usefixtures("_needs_mount_namespaces")
@async_test
async def test_ingress_rules_find_a_ca_pool_only_where_the_pod_mounts_it(site: Site) -> None:
    await site.configure(site.service("https", 443), originRequest={"caPool": "/etc/culvert/ca/ca.crt"})
    assert "port 443" in (await site.edge.get(site.exposed.host)).text
    # The connector rejects a path that does not exist, and keeps its configuration.
    missing = {"caPool": "/etc/culvert/ca/x"}
    version = site.edge.configure(site.exposed, site.service("http", 80), originRequest=missing)
    log = site.edge.home.path / "edge.log"
    await until(lambda: f"rejects configuration version {version}" in log.read_text())
    assert "port 443" in (await site.edge.get(site.exposed.host)).text


@pytest.mark.usefixtures("_needs_mount_namespaces")
@async_test
async def test_an_origin_without_a_proxy_is_reached_by_its_services_name(site: Site) -> None:
    await site.configure(site.service("ssh", 2222))
    uri = f"ws://{site.exposed.host}/"
    async with websockets.connect(uri, host="127.0.0.1", port=site.edge.frontend, proxy=None) as socket:
        await socket.send(b"SSH-2.0-visitor\r\n")
        received = b""
        while b"SSH-2.0-visitor" not in received:
            part = await socket.recv()
            received += part if isinstance(part, bytes) else part.encode()
    service = f"Service blog of namespace {site.cluster.namespace}, port 2222"
    assert f"{service}: connection to pod blog-0, port 22.".encode() in received


@async_test
async def test_a_rollout_loses_no_request(site: Site) -> None:
    await site.configure(site.service("http", 80))
    before = site.connector_uids()
    statuses: Counter[int] = Counter()
    done = asyncio.Event()

    async def load() -> None:
        async with site.edge.visitor(headers={"host": site.exposed.host}) as visitor:
            while not done.is_set():
                statuses[(await visitor.get("/")).status_code] += 1

    def rolled_out() -> bool:
        now = site.connector_uids()
        return len(now) == 2 and not now & before and site.cluster.available() == 2

    async with asyncio.TaskGroup() as visitors:
        for _ in range(4):
            visitors.create_task(load())
        template = {"metadata": {"annotations": {"rolled": "once"}}}
        strategy = {"rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}}
        change = {"spec": {"template": template, "strategy": strategy}}
        await asyncio.to_thread(site.cluster.call, "PATCH", "apps/v1:deployments/connector", change)
        while not await asyncio.to_thread(rolled_out):
            await asyncio.sleep(0.2)
        done.set()
    assert set(statuses) == {200}


@async_test
async def test_error_pages_name_a_missing_service_and_a_missing_connector(site: Site) -> None:
    await site.configure(site.service("http", 80))
    site.cluster.call("DELETE", "services/blog")
    while (await site.edge.get(site.exposed.host)).status_code != 502:
        await asyncio.sleep(0.1)
    site.cluster.scale(0)
    await until(lambda: site.edge.get_tunnel(site.exposed)["status"] == "down")
    # A connection that was being made when the connector was stopped appears and disappears once more.
    while not (await site.edge.get(site.exposed.host)).text.startswith("error code: 1033\n"):
        await asyncio.sleep(0.1)
