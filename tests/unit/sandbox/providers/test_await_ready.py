"""The reason of an object that never becomes ready, where its controllers have written all of it."""

from typing import Any

import pytest

from sandbox.providers.interface import ProviderError, Request
from sandbox.providers.kubernetes.await_ready import wait

REFUSED = 'pods "blog-1" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true'
DEPLOYMENT: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "blog", "namespace": "web", "generation": 1},
    "status": {
        "observedGeneration": 1,
        "conditions": [
            {"type": "Progressing", "reason": "ProgressDeadlineExceeded", "message": "blog has timed out progressing."},
            {"type": "ReplicaFailure", "status": "True", "message": REFUSED},
        ],
    },
}


class Events:
    """An API server with the warnings of a namespace."""

    def call(self, method: str, path: str, query: Any) -> Any:
        assert (method, path) == ("GET", "/api/v1/namespaces/web/events")
        assert query == {"fieldSelector": "type=Warning"}
        return {
            "items": [
                warning("blog-abc", "FailedCreate", "Error creating: pods", at="2026-11-29T10:00:02Z"),
                warning("blog-abc", "FailedMount", "no volume", at="2026-11-29T10:00:01Z"),
                warning("shop", "Unhealthy", "not ready", at="2026-11-29T10:00:03Z"),
            ]
        }


def warning(name: str, reason: str, message: str, at: str) -> dict[str, Any]:
    return {"involvedObject": {"name": name}, "reason": reason, "message": message, "lastTimestamp": at}


def test_it_has_the_condition_the_refusal_and_the_last_warning() -> None:
    api: Any = Events()
    with pytest.raises(ProviderError) as raised:
        wait(api, DEPLOYMENT, Request("kubernetes:apps/v1:Deployment", "blog", "urn"))
    assert str(raised.value) == (
        "Deployment web/blog will not become ready: blog has timed out progressing.; "
        f"{REFUSED}; last warning: FailedCreate: Error creating: pods"
    )
