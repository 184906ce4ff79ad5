"""What the settings accept, a real API server accepts: server-side dry runs of every object of generated settings."""

import json
import runpy
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

from sandbox.providers.kubernetes.api import Api, KubernetesStatusError
from sandbox.providers.kubernetes.objects import normalize
from tests.support.kubernetes_settings import PARTS, accepted_settings
from tests.support.mock_recorder import Deploy, Registered, recorder
from tests.support.paths import PROJECT
from tests.support.settings_examples import a_route, values

BASE = values(a_route(service="https://192.168.1.20"), namespace=None)


@pytest.fixture(scope="module")
def deploy() -> Iterator[Deploy]:
    with recorder() as run:
        yield run


def objects(deploy: Deploy, settings: dict[str, Any]) -> list[Registered]:
    """The Kubernetes objects of a stack with these settings, as the program declares them."""
    config = {
        f"culvert:{key}": value if isinstance(value, str) else json.dumps(value) for key, value in settings.items()
    }
    recorded = deploy(lambda: runpy.run_path(str(PROJECT / "__main__.py"), run_name="__main__"), "dev", config)
    return [resource for resource in recorded.resources if resource.type.startswith("kubernetes:")]


def manifest(resource: Registered, namespace: str) -> dict[str, Any]:
    """A resource as the provider sends it, in a namespace that exists."""
    found = normalize(resource.inputs, resource.type)
    metadata = {"name": f"{resource.name}-1a2b3c4d", **found["metadata"]}
    return {**found, "metadata": metadata if found["kind"] == "Namespace" else {**metadata, "namespace": namespace}}


def rejections(api: Api, namespace: str, resources: list[Registered]) -> list[str]:
    """What the API server says against each object, and against the pods of a Deployment."""
    found: list[str] = []
    for resource in resources:
        made = manifest(resource, namespace)
        candidates = [made]
        if made["kind"] == "Deployment":
            template = made["spec"]["template"]
            # Which priority classes exist is the cluster's matter.
            spec = {key: value for key, value in template["spec"].items() if key != "priorityClassName"}
            metadata = {**template["metadata"], "name": "pod", "namespace": namespace}
            candidates.append({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})
        for each in candidates:
            try:
                api.apply(each, "pulumi-kubernetes-1a2b3c4d", force=True, preview=True)
            except KubernetesStatusError as error:
                found.append(f"{each['kind']}: {error}")
    return found


@pytest.mark.parametrize("seed", range(4))
def test_the_objects_of_accepted_settings_are_accepted_by_the_api_server(
    deploy: Deploy, cluster_api: Api, namespace: str, seed: int
) -> None:
    random = Random(seed)
    for _ in range(6):
        settings = accepted_settings(random, BASE)
        assert rejections(cluster_api, namespace, objects(deploy, settings)) == [], settings


def test_the_settings_have_every_part_and_make_every_kind_of_object(deploy: Deploy) -> None:
    random = Random(0)
    drawn = [accepted_settings(random, BASE) for _ in range(8)]
    given = {path for settings in drawn for path in PARTS if path[-1] in _inner(settings, path)}
    assert given == set(PARTS)
    kinds = {resource.type.rpartition(":")[2] for settings in drawn for resource in objects(deploy, settings)}
    assert {"Namespace", "Deployment", "NetworkPolicy", "PodDisruptionBudget", "Service", "ConfigMap"} <= kinds
    assert {"PodMonitor", "PrometheusRule", "PushSecret", "ExternalSecret"} <= kinds


def _inner(settings: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    found: dict[str, Any] = settings
    for key in path[:-1]:
        found = found.get(key, {})
    return found
