"""What a connector meets where a Service is: the pods behind it, or nothing."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.directory import SandboxDirectory
from sandbox.edge.certificate_authority import Authority
from sandbox.edge.listener import listen
from sandbox.kubelet.service_proxy import Origins
from sandbox.kubelet.services import NoOrigin, Services
from tests.support.local_edge import asynchronous


class Cluster:
    """An API server that has just these objects, by path."""

    def __init__(self, **objects: Any) -> None:
        self.objects = objects
        self.asked = 0

    async def get(self, path: str, **query: str) -> Any:
        self.asked += 1
        name = path.rsplit("/namespaces/", 1)[-1]
        return self.objects.get(f"{name}?{query['labelSelector']}" if query else name)


def cluster(spec: dict[str, Any], *, ready: bool = True, pod: dict[str, Any] | None = None) -> Cluster:
    """Service `blog` of namespace `shop` with this spec and one pod."""
    endpoint = {"conditions": {"ready": ready}, "targetRef": {"kind": "Pod", "name": "blog-1"}}
    page = {"data": {"index.html": "<h1>It works</h1>", "style.css": "h1 {}"}}
    return Cluster(
        **{
            "shop/services/blog": {"spec": spec},
            "shop/endpointslices?kubernetes.io/service-name=blog": {"items": [{"endpoints": [endpoint]}]},
            "shop/pods/blog-1": pod or {"metadata": {"name": "blog-1"}, "spec": {"containers": [{"name": "c"}]}},
            "shop/configmaps/page": page,
        }
    )


PLAIN = {"clusterIP": "10.96.0.1", "ports": [{"port": 80, "targetPort": 8080}, {"port": 443, "targetPort": "tls"}]}
SITE = {
    "metadata": {"name": "blog-1"},
    "spec": {
        "containers": [{"name": "nginx", "volumeMounts": [{"name": "p", "mountPath": "/usr/share/nginx/html"}]}],
        "volumes": [{"name": "p", "configMap": {"name": "page"}}],
    },
}


@pytest.mark.parametrize(
    ("host", "port", "namespace", "target"),
    [
        ("blog", 80, "shop", 8080),
        ("blog.shop", 443, "other", "tls"),
        ("blog.shop.svc", 80, "other", 8080),
        ("blog.shop.svc.cluster.local", 80, "other", 8080),
        ("blog.shop.svc.cluster.local.", 80, "other", 8080),
    ],
)
@asynchronous
async def test_names_are_those_that_the_clusters_dns_knows(
    host: str, port: int, namespace: str, target: object
) -> None:
    found = await Services(cluster(PLAIN)).find(host, port, namespace)  # pyright: ignore[reportArgumentType]
    assert (found.service, found.namespace, found.target) == ("blog", "shop", target)


@pytest.mark.parametrize(
    ("spec", "ready", "host", "port", "why"),
    [
        (PLAIN, True, "blog", 80, "there is no Service blog in the namespace other"),
        (PLAIN, True, "blog.shop", 81, "Service blog of shop has no port 81"),
        (PLAIN, False, "blog.shop", 80, "Service blog of shop has no ready pod"),
        (PLAIN, True, "blog.shop.svc.cluster", 80, "is no Service of this cluster"),
        (PLAIN, True, "www.example.com", 80, "is no Service of this cluster"),
        (PLAIN, True, "192.168.1.1", 80, "is no Service of this cluster"),
        (PLAIN, True, "", 80, "is no Service of this cluster"),
        ({"type": "ExternalName", "externalName": "example.com"}, True, "blog.shop", 80, "outside the cluster"),
    ],
)
@asynchronous
async def test_where_nothing_is_the_reason_is_told(
    spec: dict[str, Any], ready: bool, host: str, port: int, why: str
) -> None:
    with pytest.raises(NoOrigin, match=why):
        await Services(cluster(spec, ready=ready)).find(host, port, "other")  # pyright: ignore[reportArgumentType]


@asynchronous
async def test_a_headless_service_leads_to_any_port_of_its_pods() -> None:
    found = await Services(cluster({"clusterIP": "None"})).find("blog", 9000, "shop")  # pyright: ignore[reportArgumentType]
    assert found.target == 9000


@asynchronous
async def test_a_load_on_a_hostname_is_none_on_the_api_server() -> None:
    asked = cluster(PLAIN)
    services = Services(asked)  # pyright: ignore[reportArgumentType]
    for _ in range(50):
        await services.find("blog", 80, "shop")
    assert asked.asked < 10


@contextlib.asynccontextmanager
async def proxy(home: Path, known: Cluster, front: int = 9) -> AsyncIterator[int]:
    origins = Origins(Services(known), Authority(SandboxDirectory(home).create()), front)  # pyright: ignore[reportArgumentType]
    listener = listen(0)
    serving = asyncio.create_task(origins.serve(listener))
    try:
        yield listener.getsockname()[1]
    finally:
        serving.cancel()
        listener.close()


async def connect(port: int, host: str, to: int) -> tuple[int, asyncio.StreamReader, asyncio.StreamWriter]:
    """What a SOCKS client is told (0 for yes), and the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"\x05\x02\x00\x02")
    assert await reader.readexactly(2) == b"\x05\x02"
    writer.write(b"\x01\x04shop\x05pod-1")
    assert await reader.readexactly(2) == b"\x01\x00"
    writer.write(b"\x05\x01\x00\x03" + bytes([len(host)]) + host.encode() + to.to_bytes(2))
    answer = await reader.readexactly(10)
    return answer[1], reader, writer


async def fetched(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str = "/") -> str:
    writer.write(f"GET {path} HTTP/1.1\r\nhost: visitors.example.com\r\nconnection: close\r\n\r\n".encode())
    return (await reader.read()).decode()


@asynchronous
async def test_a_pod_that_serves_files_of_a_configmap_is_answered_for_with_them(tmp_path: Path) -> None:
    async with proxy(tmp_path, cluster(PLAIN, pod=SITE)) as port:
        for path, status, content in (
            ("/", "200", "<h1>It works</h1>"),
            ("/style.css?x", "200", "text/css"),
            ("/../../etc/passwd", "404", "404 Not Found"),
        ):
            told, reader, writer = await connect(port, "blog.shop.svc.cluster.local", 80)
            answer = await fetched(reader, writer, path)
            assert (told, answer.split()[1]) == (0, status)
            assert content in answer


@asynchronous
async def test_any_other_pod_is_answered_for_by_saying_whose_it_is(tmp_path: Path) -> None:
    async with proxy(tmp_path, cluster(PLAIN)) as port:
        told, reader, writer = await connect(port, "blog", 80)
        assert told == 0
        said = await fetched(reader, writer, "/a?b")
        assert "Service blog of namespace shop, port 80: GET /a came to pod blog-1, port 8080." in said


@asynchronous
async def test_a_service_that_wants_tls_gets_it_under_its_own_name(tmp_path: Path) -> None:
    async with proxy(tmp_path, cluster(PLAIN)) as port:
        _, reader, writer = await connect(port, "blog.shop.svc.cluster.local", 443)
        trust = ssl.create_default_context(cafile=tmp_path / "edge" / "ca.pem")
        await writer.start_tls(trust, server_hostname="blog.shop.svc.cluster.local")
        assert "port 443" in await fetched(reader, writer)


async def carried(known: Cluster, tmp_path: Path, sent: bytes) -> bytes:
    """What a bare connection to port 80 of the Service is given."""
    origins = Origins(Services(known), Authority(SandboxDirectory(tmp_path).create()), 9)  # pyright: ignore[reportArgumentType]
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    taking = asyncio.create_task(origins.take(theirs, "blog.shop.svc.cluster.local", 80))
    reader, writer = await asyncio.open_connection(sock=ours)
    writer.write(sent)
    writer.write_eof()
    answer = await reader.read()
    writer.close()
    await taking
    return answer


@asynchronous
async def test_a_bare_connection_is_told_whose_it_is_and_gets_back_what_it_sends(tmp_path: Path) -> None:
    answer = await carried(cluster(PLAIN), tmp_path, b"SSH-2.0-x\r\n")
    assert answer.startswith(b"Service blog of namespace shop, port 80: a connection came to pod blog-1, port 8080.\n")
    assert answer.endswith(b"SSH-2.0-x\r\n")


@asynchronous
async def test_where_nothing_is_a_bare_connection_ends_without_a_word(tmp_path: Path) -> None:
    assert await carried(cluster(PLAIN, ready=False), tmp_path, b"") == b""


@asynchronous
async def test_where_nothing_is_the_connection_is_refused(tmp_path: Path) -> None:
    async with proxy(tmp_path, cluster(PLAIN, ready=False)) as port:
        for host in ("blog", "nothing", "www.example.com"):
            told, reader, _ = await connect(port, host, 80)
            assert told == 4
            assert await reader.read() == b""


@asynchronous
async def test_the_keys_of_access_come_from_the_edge(tmp_path: Path) -> None:
    async def edge(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write((await reader.readexactly(4)).upper())
        writer.close()

    server = await asyncio.start_server(edge, "127.0.0.1", 0)
    async with server, proxy(tmp_path, Cluster(), server.sockets[0].getsockname()[1]) as port:
        told, reader, writer = await connect(port, "team.cloudflareaccess.com", 443)
        writer.write(b"keys")
        assert (told, await reader.read()) == (0, b"KEYS")


@pytest.mark.parametrize("sent", [b"GET / HTTP/1.1\r\n\r\n", b"\x05\x01\x00", b"\x04\x01", b""])
@asynchronous
async def test_one_that_speaks_no_socks_is_shown_out(tmp_path: Path, sent: bytes) -> None:
    async with proxy(tmp_path, Cluster()) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(sent)
        writer.write_eof()
        with contextlib.suppress(ConnectionResetError):
            assert await reader.read() == b""
