"""From a hostname through cloudflared, run as a pod of the cluster, to a Service."""

import asyncio
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import websockets

from sandbox import tools
from sandbox.kubelet.__main__ import enclosing
from tests.support.emulator import TUNNELS, served
from tests.support.kubelet_cluster import LABELS, Farm, eventually
from tests.support.local_edge import Exposed, LocalEdge, asynchronous, running, until

FOUND = tools.find_cloudflared()
pytestmark = pytest.mark.skipif(
    FOUND is None, reason="cloudflared is neither on the PATH nor named by CULVERT_CLOUDFLARED"
)


PORTS = [
    {"name": "http", "port": 80, "targetPort": 8080},
    {"name": "https", "port": 443, "targetPort": 8443},
    {"name": "ssh", "port": 2222, "targetPort": 22},
]
ENCLOSED = pytest.mark.skipif(
    not enclosing(Path(tempfile.mkdtemp())), reason="this machine gives processes no mounts of their own"
)


@pytest.fixture
def exposed(farm: Farm) -> Iterator[tuple[LocalEdge, Exposed]]:
    """The Service `blog` at a hostname, through a tunnel that two pods hold."""
    with served(farm.home.path / "cloudflare.sqlite3") as api:
        api.begin()
        with running(farm.home, api) as edge:
            assert FOUND
            made = edge.expose(farm.namespace, f"http://blog.{farm.namespace}.svc.cluster.local:80")
            farm.create("pods", "blog-0", labels={"app": "blog"}, spec={"containers": [{"name": "c", "image": "i"}]})
            farm.create("services", "blog", spec={"selector": {"app": "blog"}, "ports": PORTS})
            farm.create("secrets", "token", stringData={"token": made.token})
            with farm.running(FOUND.path, {"front": edge.front, "edge": edge.ports}):
                farm.deploy(
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
                eventually(lambda: farm.available() == 2)
                yield edge, made


@asynchronous
async def test_visitors_reach_the_service_and_learn_what_is_missing(
    exposed: tuple[LocalEdge, Exposed], farm: Farm
) -> None:
    edge, made = exposed
    answer = await edge.get(made.host, "/a")
    assert f"Service blog of namespace {farm.namespace}, port 80: GET /a came to pod blog-0, port 8080." in answer.text
    farm.call("DELETE", "services/blog")
    while (await edge.get(made.host)).status_code != 502:
        await asyncio.sleep(0.1)
    farm.scale(0)
    await until(lambda: edge.shown(made)["status"] == "down")
    # A connection that was being made when the connector was told to leave comes and goes once more.
    while not (await edge.get(made.host)).text.startswith("error code: 1033\n"):
        await asyncio.sleep(0.1)


@ENCLOSED
@asynchronous
async def test_the_rules_find_an_authority_where_the_pod_mounts_it_and_nowhere_else(
    exposed: tuple[LocalEdge, Exposed], farm: Farm
) -> None:
    edge, made = exposed
    service = f"https://blog.{farm.namespace}.svc.cluster.local:443"
    edge.configure(made, service, originRequest={"caPool": "/etc/culvert/ca/ca.crt"})
    while "port 443" not in (await edge.get(made.host)).text:
        await asyncio.sleep(0.1)
    # One that is not there is refused by the connector, which keeps its rules.
    edge.configure(
        made, f"http://blog.{farm.namespace}.svc.cluster.local:80", originRequest={"caPool": "/etc/culvert/ca/x"}
    )
    log = farm.home.path / "edge.log"
    await until(lambda: "refuses rules version 3" in log.read_text())
    assert "port 443" in (await edge.get(made.host)).text


@ENCLOSED
@asynchronous
async def test_an_origin_without_a_proxy_is_reached_by_its_services_name(
    exposed: tuple[LocalEdge, Exposed], farm: Farm
) -> None:
    edge, made = exposed
    version = edge.configure(made, f"ssh://blog.{farm.namespace}.svc.cluster.local:2222")
    await until(lambda: all(told == version for told in _versions(edge, made)))
    async with websockets.connect(f"ws://{made.host}/", host="127.0.0.1", port=edge.front, proxy=None) as socket:
        await socket.send(b"SSH-2.0-visitor\r\n")
        heard = b""
        while b"SSH-2.0-visitor" not in heard:
            part = await socket.recv()
            heard += part if isinstance(part, bytes) else part.encode()
    assert (
        f"Service blog of namespace {farm.namespace}, port 2222: a connection came to pod blog-0, port 22.".encode()
        in heard
    )


@asynchronous
async def test_a_rollout_loses_no_request(exposed: tuple[LocalEdge, Exposed], farm: Farm) -> None:
    edge, made = exposed
    before = _connectors(farm)
    seen: Counter[int] = Counter()
    enough = asyncio.Event()

    async def load() -> None:
        async with edge.visitor(headers={"host": made.host}) as visitor:
            while not enough.is_set():
                seen[(await visitor.get("/")).status_code] += 1

    def rolled() -> bool:
        now = _connectors(farm)
        return len(now) == 2 and not now & before and farm.available() == 2

    async with asyncio.TaskGroup() as visitors:
        for _ in range(4):
            visitors.create_task(load())
        template = {"metadata": {"annotations": {"rolled": "once"}}}
        strategy = {"rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}}
        change = {"spec": {"template": template, "strategy": strategy}}
        await asyncio.to_thread(farm.call, "PATCH", "apps/v1:deployments/connector", change)
        while not await asyncio.to_thread(rolled):
            await asyncio.sleep(0.2)
        enough.set()
    assert set(seen) == {200}


def _versions(edge: LocalEdge, exposed: Exposed) -> list[int]:
    """The version of the rules that each connector runs, as the API knows."""
    found = edge.api.done("GET", f"{TUNNELS}/{exposed.tunnel}/connections")
    return [connector.get("config_version", -1) for connector in found]


def _connectors(farm: Farm) -> set[str]:
    """The uids of the connector's pods."""
    return {pod["metadata"]["uid"] for pod in farm.pods() if LABELS.items() <= pod["metadata"]["labels"].items()}
