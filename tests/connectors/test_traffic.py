"""From a hostname through cloudflared, run as a pod of the cluster, to a Service."""

import asyncio
from collections import Counter
from collections.abc import Iterator

import pytest

from sandbox import tools
from tests.connectors.farm import LABELS, Farm, eventually
from tests.edge.local_edge import Exposed, LocalEdge, asynchronous, running, until
from tests.emulator.emulated import served

FOUND = tools.find_cloudflared()
pytestmark = pytest.mark.skipif(
    FOUND is None, reason="cloudflared is neither on the PATH nor named by CULVERT_CLOUDFLARED"
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
            farm.create(
                "services", "blog", spec={"selector": {"app": "blog"}, "ports": [{"port": 80, "targetPort": 8080}]}
            )
            farm.create("secrets", "token", stringData={"token": made.token})
            with farm.running(FOUND.path, {"front": edge.front, "edge": edge.ports}):
                farm.deploy(
                    replicas=2,
                    env=[{"name": "TUNNEL_TOKEN_FILE", "value": "/etc/token/token"}],
                    volumeMounts=[{"name": "t", "mountPath": "/etc/token"}],
                    volumes=[{"name": "t", "secret": {"secretName": "token"}}],
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
    assert (await edge.get(made.host)).text.startswith("error code: 1033\n")


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


def _connectors(farm: Farm) -> set[str]:
    """The uids of the connector's pods."""
    return {pod["metadata"]["uid"] for pod in farm.pods() if LABELS.items() <= pod["metadata"]["labels"].items()}
