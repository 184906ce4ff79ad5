"""Services as connectors reach them through the SOCKS proxy."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.directory import SandboxDirectory
from sandbox.edge.certificate_authority import CertificateAuthority
from sandbox.edge.listener import listen
from sandbox.kubelet.network_policy import Client
from sandbox.kubelet.recent import RecentObjects
from sandbox.kubelet.service_proxy import ServiceProxy
from sandbox.kubelet.services import Services
from tests.support.local_edge import async_test
from traffic.services import NoEndpoint


class ApiServer:
    """An API server with these objects, by path or by the end of it."""

    def __init__(self, **objects: Any) -> None:
        self.objects = objects
        self.requests = 0

    async def get(self, path: str, **query: str) -> Any:
        self.requests += 1
        name = path if path in self.objects else path.rsplit("/namespaces/", 1)[-1]
        found = self.objects.get(f"{name}?{next(iter(query.values()))}" if query else name)
        return {"items": found} if isinstance(found, list) else found


def cluster(spec: dict[str, Any], *, ready: bool = True, pod: dict[str, Any] | None = None) -> ApiServer:
    """Service `blog` of namespace `shop` with this spec and one pod, and the connector's pod `pod-1`."""
    endpoint = {
        "addresses": ["10.244.0.7"],
        "conditions": {"ready": ready},
        "targetRef": {"kind": "Pod", "name": "blog-1"},
    }
    ports = [{"name": "", "port": 8080}, {"name": "tls", "port": 8443}]
    plain = {"metadata": {}, "spec": {"containers": [{"name": "c"}]}}
    pod = pod or plain
    metadata = {"name": "blog-1", "namespace": "shop", "labels": {"app": "blog"}}
    connector = {"metadata": {"name": "pod-1", "namespace": "shop", "labels": {"app": "connector"}}, "spec": {}}
    service = {"metadata": {"name": "blog", "namespace": "shop"}, "spec": {"selector": {"app": "blog"}, **spec}}
    page = {"data": {"index.html": "<h1>It works</h1>", "style.css": "h1 {}"}}
    return ApiServer(
        **{
            "shop": {"metadata": {"name": "shop", "labels": {"kubernetes.io/metadata.name": "shop"}}},
            "shop/services/blog": service,
            "/api/v1/services": [service],
            "shop/endpointslices?kubernetes.io/service-name=blog": [{"endpoints": [endpoint], "ports": ports}],
            "shop/pods/blog-1": {**pod, "metadata": metadata},
            "shop/pods/pod-1": {**connector, "status": {"podIP": "10.244.0.9", "podIPs": [{"ip": "10.244.0.9"}]}},
            "shop/configmaps/page": page,
        }
    )


def network_policy(port: int, **spec: Any) -> dict[str, Any]:
    """A policy of `shop` that allows its connector a port of `blog`."""
    rule = {"to": [{"podSelector": {"matchLabels": {"app": "blog"}}}], "ports": [{"protocol": "TCP", "port": port}]}
    selected = {"podSelector": {"matchLabels": {"app": "connector"}}, "policyTypes": ["Egress"], "egress": [rule]}
    return {"metadata": {"name": "connector", "namespace": "shop"}, "spec": {**selected, **spec}}


PLAIN = {
    "clusterIP": "10.96.0.1",
    "ports": [{"port": 80, "targetPort": 8080}, {"name": "tls", "port": 443, "targetPort": "tls"}],
}
SITE = {
    "metadata": {},
    "spec": {
        "containers": [{"name": "nginx", "volumeMounts": [{"name": "p", "mountPath": "/usr/share/nginx/html"}]}],
        "volumes": [{"name": "p", "configMap": {"name": "page"}}],
    },
}


def services(api: ApiServer) -> Services:
    return Services(RecentObjects(api))  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("host", "port", "namespace", "target"),
    [
        ("blog", 80, "shop", 8080),
        ("blog.shop", 443, "other", 8443),
        ("blog.shop.svc", 80, "other", 8080),
        ("blog.shop.svc.cluster.local", 80, "other", 8080),
        ("blog.shop.svc.cluster.local.", 80, "other", 8080),
        ("blog.shop.svc.k8s.example", 80, "other", 8080),
        ("10.96.0.1", 80, "other", 8080),
    ],
)
@async_test
async def test_a_service_has_the_names_of_the_clusters_dns(
    host: str, port: int, namespace: str, target: object
) -> None:
    backend = await services(cluster(PLAIN)).resolve(host, port, namespace)
    assert (backend.service, backend.target, backend.pod and backend.pod["metadata"]["name"]) == (
        "shop/blog",
        target,
        "blog-1",
    )


@async_test
async def test_a_pod_listens_on_the_ports_that_it_declares_and_on_any_if_it_declares_none() -> None:
    assert (await services(cluster(PLAIN)).resolve("blog.shop", 80, "other")).target == 8080
    ports = [{"containerPort": 9090}, {"containerPort": 8080, "protocol": "UDP"}]
    api = cluster(PLAIN, pod={"metadata": {}, "spec": {"containers": [{"name": "nginx", "ports": ports}]}})
    reason = "pod blog-1 declares the ports 9090, and does not listen on 8080"
    with pytest.raises(NoEndpoint, match=reason):
        await services(api).resolve("blog.shop", 80, "other")


@pytest.mark.parametrize(
    ("spec", "ready", "host", "port", "reason"),
    [
        (PLAIN, True, "blog", 80, "there is no Service blog in the namespace other"),
        (PLAIN, True, "blog.shop", 81, "Service blog of shop has no port 81"),
        (PLAIN, False, "blog.shop", 80, "Service blog of shop has no ready pod"),
        (PLAIN, True, "blog.shop.pod.cluster.local", 80, "is not a Service of this cluster"),
        (PLAIN, True, "www.example.com", 80, "is not a Service of this cluster"),
        (PLAIN, True, "10.96.0.1", 81, "Service blog of shop has no port 81"),
        (PLAIN, True, "", 80, "is not a Service of this cluster"),
        ({"type": "ExternalName", "externalName": "example.com"}, True, "blog.shop", 80, "outside the cluster"),
    ],
)
@async_test
async def test_an_address_without_an_endpoint_raises_the_reason(
    spec: dict[str, Any], ready: bool, host: str, port: int, reason: str
) -> None:
    with pytest.raises(NoEndpoint, match=reason):
        await services(cluster(spec, ready=ready)).resolve(host, port, "other")


@async_test
async def test_a_headless_service_has_every_port() -> None:
    backend = await services(cluster({"clusterIP": "None"})).resolve("blog", 9000, "shop")
    assert backend.target == 9000


@async_test
async def test_responses_of_the_api_server_are_cached() -> None:
    api = cluster(PLAIN)
    resolving = services(api)
    for _ in range(50):
        await resolving.resolve("blog", 80, "shop")
    assert api.requests < 10


@contextlib.asynccontextmanager
async def proxy(home: Path, api: ApiServer, frontend: int = 9, *, enforced: bool = True) -> AsyncIterator[int]:
    authority, objects = CertificateAuthority(SandboxDirectory(home).create()), RecentObjects(api)  # pyright: ignore[reportArgumentType]
    service_proxy = ServiceProxy(objects, authority, frontend, enforced=enforced)
    listener = listen(0)
    serving = asyncio.create_task(service_proxy.serve(listener))
    try:
        yield listener.getsockname()[1]
    finally:
        serving.cancel()
        listener.close()


async def connect(port: int, host: str, to: int) -> tuple[int, asyncio.StreamReader, asyncio.StreamWriter]:
    """A SOCKS client's connection to a host and port, and the reply's code (0 for success)."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"\x05\x02\x00\x02")
    assert await reader.readexactly(2) == b"\x05\x02"
    writer.write(b"\x01\x04shop\x05pod-1")
    assert await reader.readexactly(2) == b"\x01\x00"
    writer.write(b"\x05\x01\x00\x03" + bytes([len(host)]) + host.encode() + to.to_bytes(2))
    reply = await reader.readexactly(10)
    return reply[1], reader, writer


async def fetch(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str = "/") -> str:
    writer.write(f"GET {path} HTTP/1.1\r\nhost: visitors.example.com\r\nconnection: close\r\n\r\n".encode())
    return (await reader.read()).decode()


@async_test
async def test_a_pod_that_serves_a_config_map_is_replaced_by_its_files(tmp_path: Path) -> None:
    async with proxy(tmp_path, cluster(PLAIN, pod=SITE)) as port:
        for path, status, content in (
            ("/", "200", "<h1>It works</h1>"),
            ("/style.css?x", "200", "text/css"),
            ("/../../etc/passwd", "404", "404 Not Found"),
        ):
            code, reader, writer = await connect(port, "blog.shop.svc.cluster.local", 80)
            answer = await fetch(reader, writer, path)
            assert (code, answer.split()[1]) == (0, status)
            assert content in answer


@async_test
async def test_any_other_pod_is_replaced_by_a_description(tmp_path: Path) -> None:
    async with proxy(tmp_path, cluster(PLAIN)) as port:
        code, reader, writer = await connect(port, "blog", 80)
        assert code == 0
        text = await fetch(reader, writer, "/a?b")
        assert "Service blog of namespace shop, port 80: GET /a to pod blog-1, port 8080." in text


@async_test
async def test_a_tls_client_gets_a_certificate_for_the_services_name(tmp_path: Path) -> None:
    async with proxy(tmp_path, cluster(PLAIN)) as port:
        _, reader, writer = await connect(port, "blog.shop.svc.cluster.local", 443)
        trust = ssl.create_default_context(cafile=tmp_path / "edge" / "ca.pem")
        await writer.start_tls(trust, server_hostname="blog.shop.svc.cluster.local")
        assert "port 443" in await fetch(reader, writer)


async def exchange(api: ApiServer, tmp_path: Path, sent: bytes) -> bytes:
    """What the Service sends on a TCP connection of the connector's pod to its port 80."""
    authority, objects = CertificateAuthority(SandboxDirectory(tmp_path).create()), RecentObjects(api)  # pyright: ignore[reportArgumentType]
    service_proxy, pod = ServiceProxy(objects, authority, 9), Client("shop", "pod-1")
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    serving = asyncio.create_task(service_proxy.serve_tcp(theirs, "blog.shop.svc.cluster.local", 80, pod))
    reader, writer = await asyncio.open_connection(sock=ours)
    writer.write(sent)
    writer.write_eof()
    answer = await reader.read()
    writer.close()
    await serving
    return answer


@async_test
async def test_a_tcp_connection_gets_a_description_and_an_echo(tmp_path: Path) -> None:
    answer = await exchange(cluster(PLAIN), tmp_path, b"SSH-2.0-x\r\n")
    assert answer.startswith(b"Service blog of namespace shop, port 80: connection to pod blog-1, port 8080.\n")
    assert answer.endswith(b"SSH-2.0-x\r\n")


@async_test
async def test_a_tcp_connection_without_an_endpoint_is_closed(tmp_path: Path) -> None:
    assert await exchange(cluster(PLAIN, ready=False), tmp_path, b"") == b""


@async_test
async def test_a_socks_request_without_an_endpoint_is_rejected(tmp_path: Path) -> None:
    async with proxy(tmp_path, cluster(PLAIN, ready=False)) as port:
        for host in ("blog", "nothing", "www.example.com"):
            code, reader, _ = await connect(port, host, 80)
            assert code == 4
            assert await reader.read() == b""


POLICIES = "/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies"
CALICO = "/apis/projectcalico.org/v3/namespaces/shop/networkpolicies"


@pytest.fixture
def _short_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sandbox.kubelet.service_proxy.DIAL_TIMEOUT", 0.05)


@pytest.mark.usefixtures("_short_timeout")
@async_test
async def test_a_dial_that_a_policy_closes_times_out_and_the_log_says_which_policy(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    api = cluster(PLAIN)
    api.objects[POLICIES] = [network_policy(9090)]
    async with proxy(tmp_path, api) as port:
        code, reader, _ = await connect(port, "blog", 80)
        assert code == 6
        assert await reader.read() == b""
    assert (
        "shop/pod-1: blog:80 leads to pod blog-1, port 8080: NetworkPolicy shop/connector allows no such egress; "
        "the dial times out, here after 0.05 s, in a cluster after the connectTimeout"
    ) in caplog.messages


@pytest.mark.usefixtures("_short_timeout")
@async_test
async def test_policies_of_every_engine_and_of_both_namespaces_apply(tmp_path: Path) -> None:
    closed = {"podSelector": {}, "policyTypes": ["Ingress"]}
    calico = {"selector": "app == 'connector'", "types": ["Egress"]}
    cilium = {"endpointSelector": {}, "egress": [{}]}
    for kind, spec in ((POLICIES, closed), (CALICO, calico), ("shop/ciliumnetworkpolicies", cilium)):
        api = cluster(PLAIN)
        api.objects[kind] = [{"metadata": {"name": "closed", "namespace": "shop"}, "spec": spec}]
        async with proxy(tmp_path, api) as port:
            assert (await connect(port, "blog", 80))[0] == 6
        async with proxy(tmp_path, api, enforced=False) as port:
            assert (await connect(port, "blog", 80))[0] == 0
    api.objects = {**cluster(PLAIN).objects, POLICIES: [network_policy(8080)]}
    async with proxy(tmp_path, api) as port:
        assert (await connect(port, "blog", 80))[0] == 0


@pytest.mark.usefixtures("_short_timeout")
@async_test
async def test_an_address_outside_the_cluster_is_judged_and_replaced_by_a_description(tmp_path: Path) -> None:
    api = cluster(PLAIN)
    lan = {"to": [{"ipBlock": {"cidr": "192.168.7.9/32"}}]}
    api.objects[POLICIES] = [network_policy(8080, egress=[lan])]
    async with proxy(tmp_path, api) as port:
        assert (await connect(port, "192.168.7.8", 443))[0] == 6
        code, reader, writer = await connect(port, "192.168.7.9", 443)
        assert code == 0
        assert "GET / to address 192.168.7.9, port 443." in await fetch(reader, writer)


@pytest.mark.usefixtures("_short_timeout")
@async_test
async def test_a_tcp_connection_that_a_policy_closes_gets_no_answer(tmp_path: Path) -> None:
    api = cluster(PLAIN)
    api.objects[POLICIES] = [network_policy(9090)]
    assert await exchange(api, tmp_path, b"") == b""


@pytest.mark.usefixtures("_short_timeout")
@async_test
async def test_a_kept_connection_ends_once_a_policy_closes_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sandbox.kubelet.recent.SECONDS", -1)
    api = cluster(PLAIN)
    async with proxy(tmp_path, api) as port:
        _, reader, writer = await connect(port, "blog", 80)
        request = b"GET / HTTP/1.1\r\nhost: visitors.example.com\r\n\r\n"
        writer.write(request)
        assert b"200 OK" in await reader.readuntil(b"place.\n")
        api.objects[POLICIES] = [network_policy(9090)]
        writer.write(request)
        assert await reader.read() == b""


@pytest.mark.usefixtures("_short_timeout")
@async_test
async def test_the_keys_of_access_are_out_of_reach_where_no_policy_allows_them(tmp_path: Path) -> None:
    api = cluster(PLAIN)
    api.objects[POLICIES] = [network_policy(8080)]
    async with proxy(tmp_path, api) as port:
        assert (await connect(port, "team.cloudflareaccess.com", 443))[0] == 6


@async_test
async def test_requests_for_the_keys_of_access_go_to_the_edge(tmp_path: Path) -> None:
    async def edge(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write((await reader.readexactly(4)).upper())
        writer.close()

    server = await asyncio.start_server(edge, "127.0.0.1", 0)
    async with server, proxy(tmp_path, ApiServer(), server.sockets[0].getsockname()[1]) as port:
        code, reader, writer = await connect(port, "team.cloudflareaccess.com", 443)
        writer.write(b"keys")
        assert (code, await reader.read()) == (0, b"KEYS")


@pytest.mark.parametrize("sent", [b"GET / HTTP/1.1\r\n\r\n", b"\x05\x01\x00", b"\x04\x01", b""])
@async_test
async def test_a_client_that_does_not_speak_socks_is_disconnected(tmp_path: Path, sent: bytes) -> None:
    async with proxy(tmp_path, ApiServer()) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(sent)
        writer.write_eof()
        with contextlib.suppress(ConnectionResetError):
            assert await reader.read() == b""
