"""The definitions of network policies are upstream's, unchanged, and the API server validates objects against them."""

import copy
import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from kubernetes import client

from sandbox import cluster, tools
from sandbox.cluster import custom_resources, network_policy_crds
from sandbox.cluster.access import connect
from sandbox.errors import SandboxError
from sandbox.tools.processes import Supervisor
from sandbox.tools.schemas import obtain

pytestmark = pytest.mark.xdist_group("cluster")

VALID: dict[str, dict[str, Any]] = {
    "projectcalico.org/v3": {"kind": "NetworkPolicy", "spec": {"selector": "all()", "types": ["Egress"]}},
    "crd.projectcalico.org/v1": {"kind": "NetworkPolicy", "spec": {"selector": "all()", "types": ["Egress"]}},
    "cilium.io/v2": {"kind": "CiliumNetworkPolicy", "spec": {"endpointSelector": {}, "egress": [{}]}},
}


@pytest.fixture(scope="module")
def kubeconfig(tmp_path_factory: pytest.TempPathFactory) -> Any:
    home = tmp_path_factory.mktemp("home")
    supervisor = Supervisor(home)
    programs = tools.ensure(cluster.PROGRAMS, print)
    yield cluster.start(home, programs, supervisor, print, definitions=lambda: cluster.definitions(print))
    supervisor.stop_all()


def create_status(kubeconfig: Path, version: str, **changes: Any) -> int:
    """The status of the API server's response to a policy of this kind, with some fields of its spec changed."""
    plural = VALID[version]["kind"].lower().removesuffix("y") + "ies"
    body = {"apiVersion": version, "metadata": {"generateName": "p-"}, **copy.deepcopy(VALID[version])}
    body["spec"] |= changes
    with connect(kubeconfig) as api:
        request = api.param_serialize(
            "POST",
            f"/apis/{version}/namespaces/default/{plural}",
            query_params=[("fieldValidation", "Strict"), ("dryRun", "All")],
            header_params={"Content-Type": "application/json"},
            body=body,
            auth_settings=["BearerToken"],
        )
        return api.call_api(*request).status


@pytest.mark.parametrize("version", VALID)
def test_a_valid_object_of_each_kind_is_accepted_and_an_invalid_one_rejected(kubeconfig: Path, version: str) -> None:
    assert create_status(kubeconfig, version) == 201
    assert create_status(kubeconfig, version, egres=[]) == 400
    assert create_status(kubeconfig, version, egress="all") == 422


def test_an_installed_definition_is_not_replaced(kubeconfig: Path) -> None:
    def generations() -> dict[str, int]:
        with connect(kubeconfig) as api:
            response = json.loads(
                client.ApiextensionsV1Api(api).list_custom_resource_definition(_preload_content=False).data  # pyright: ignore
            )
        return {crd["metadata"]["name"]: crd["metadata"]["generation"] for crd in response["items"]}

    before = generations()
    assert {"networkpolicies.projectcalico.org", "ciliumnetworkpolicies.cilium.io"} <= before.keys()
    with connect(kubeconfig) as api:
        custom_resources.install(api, cluster.definitions(print))
    assert generations() == before


def test_an_unavailable_definition_is_reported_and_the_others_are_served(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    unavailable = dataclasses.replace(network_policy_crds.SCHEMAS[0], digest="0" * 64, url="http://127.0.0.1:9/")
    messages: list[str] = []
    definitions = network_policy_crds.definitions(messages.append, [unavailable, network_policy_crds.SCHEMAS[1]])
    assert [crd["spec"]["group"] for crd in definitions] == ["cilium.io"]
    assert "calico-networkpolicies cannot be rehearsed" in messages[-1]
    assert "there is no Go on the PATH" in messages[-1]


def test_a_file_with_another_digest_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = dataclasses.replace(network_policy_crds.SCHEMAS[0], digest="0" * 64, url="http://127.0.0.1:9/")
    monkeypatch.setenv("CULVERT_CACHE", str(tmp_path))
    with pytest.raises(SandboxError, match="does not have the pinned digest"):
        obtain(other, print)
    assert not other.path_in_cache.exists()
