"""Since when a pod is ready, as its status says: rollouts wait for `minReadySeconds` from then on."""

import asyncio
from typing import Any, cast

import pytest

from sandbox.cluster import stages
from sandbox.cluster.kwok_stages import READY_SINCE
from sandbox.kubelet.cluster_api import ClusterApi
from sandbox.kubelet.status import PodStatus, now

CONTAINER = {"name": "cloudflared", "image": "cloudflared"}


class RecordingApi:
    def __init__(self) -> None:
        self.published: list[dict[str, Any]] = []

    async def patch_status(self, path: str, status: dict[str, Any]) -> None:
        assert path == "/pod"
        self.published.append(status)


def ready_since(*, rollouts_wait: bool) -> str:
    """The time of the condition Ready in the status of a pod that has just become ready."""

    async def publish() -> dict[str, Any]:
        api = RecordingApi()
        pod = {"spec": {"containers": [CONTAINER]}}
        status = PodStatus(pod, CONTAINER, "/pod", cast(ClusterApi, api), rollouts_wait=rollouts_wait)
        status.set({"running": {}}, started=True, ready=True)
        publishing = asyncio.create_task(status.publish_changes())
        await status.published.wait()
        publishing.cancel()
        return api.published[0]

    (condition,) = (each for each in asyncio.run(publish())["conditions"] if each["type"] == "Ready")
    assert condition["status"] == "True"
    return condition["lastTransitionTime"]


def test_a_pod_is_ready_since_long_ago_unless_rollouts_wait() -> None:
    assert ready_since(rollouts_wait=False) == READY_SINCE
    before = now()
    assert before <= ready_since(rollouts_wait=True) <= now()


@pytest.mark.parametrize("rollouts_wait", [False, True])
def test_simulated_pods_do_the_same(rollouts_wait: bool) -> None:
    text = stages(rollouts_wait=rollouts_wait)
    assert ("2000-01-01" not in text) == rollouts_wait
    assert "READY_SINCE" not in text
