"""What a namespace has beside the stack's own objects, which would be deleted together with it."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from clients.kubernetes import KubernetesApi
from ops.recover.namespace_contents import foreign_contents
from tests.support.api_server import FakeApiServer, serve


@pytest.fixture
def api(cluster: FakeApiServer, tmp_path: Path) -> Iterator[KubernetesApi]:
    with serve(cluster, tmp_path) as kubeconfig:
        yield KubernetesApi(kubeconfig)


def is_ours(type: str, body: Mapping[str, Any]) -> bool:
    return (type, body["metadata"]["name"]) in [
        ("kubernetes:core/v1:Secret", "ours"),
        ("kubernetes:apps/v1:Deployment", "ours"),
    ]


def test_objects_of_others_are_named_and_what_follows_from_other_objects_is_not(
    cluster: FakeApiServer, api: KubernetesApi
) -> None:
    for kind, name in (
        ("ConfigMap", "kube-root-ca.crt"),
        ("ServiceAccount", "default"),
        ("Event", "started"),
        ("Secret", "ours"),
    ):
        cluster.add("v1", kind, name)
    cluster.add("apps/v1", "Deployment", "ours")
    cluster.add("apps/v1", "ReplicaSet", "ours-1", ownerReferences=[{"kind": "Deployment"}])
    cluster.add("metrics.k8s.io/v1beta1", "PodMetrics", "ours-1-x", uid=None)
    cluster.add("v1", "Secret", "elsewhere", "other")
    assert not foreign_contents(api, "blog", is_ours)
    cluster.add("v1", "Secret", "theirs")
    cluster.add("example.com/v1", "Widget", "ours", labels={"app.kubernetes.io/instance": "culvert-dev"})
    contents = foreign_contents(api, "blog", is_ours)
    assert (contents.objects, contents.unread) == (["Secret theirs", "Widget ours"], [])


def test_what_cannot_be_listed_may_be_of_others(cluster: FakeApiServer, api: KubernetesApi) -> None:
    cluster.add("v1", "Event", "started")
    cluster.add("example.com/v1", "Widget", "w", "other")
    cluster.add("computed.example.com/v1", "View", "v", "other")
    cluster.add("down.example.com/v1", "Gadget", "g", "other")
    cluster.refused = {"widgets": 403, "views": 405, "down.example.com/v1": 503}
    contents = foreign_contents(api, "blog", is_ours)
    assert contents.objects == []
    assert [reason.partition(":")[0] for reason in contents.unread] == ["Widget", "down.example.com/v1"]
    assert contents
