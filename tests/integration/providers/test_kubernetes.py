"""The kubernetes stand-in against a real API server: names, waits, refusals, replacements, and the state."""

import base64
import json
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2, status_pb2

from sandbox.providers.kubernetes.api import Api
from sandbox.providers.values import UNKNOWN, Secret, from_struct, plain
from tests.support.kubernetes_inputs import (
    CONFIG_MAP,
    DEPLOYMENT,
    LABELS,
    NAMESPACE,
    NETWORK_POLICY,
    POD,
    SECRET,
    SERVICE,
    config_map,
    deployment,
    network_policy,
    pod_spec,
    service,
)
from tests.support.plugin_client import (
    Goal,
    MiniEngine,
    Plugin,
    PluginError,
    ResourceState,
    connect,
    mask_secrets,
    running_plugin,
    trace,
)


def secret(namespace: str, token: Any = "the-token") -> dict[str, Any]:  # noqa: S107 - not a real one
    metadata = {"namespace": namespace}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": Secret({"token": token})}


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def made(plugin: Plugin, type: str, inputs: dict[str, Any], **options: Any) -> ResourceState:
    return plugin.create(type, plugin.check(type, inputs), **options)


def live(api: Api, kept: ResourceState) -> dict[str, Any]:
    found = api.get(plain(kept.outputs))
    assert found
    return found


def test_a_second_up_and_a_refresh_find_no_change(kubernetes: Plugin, namespace: str) -> None:
    program = [
        Goal("token", SECRET, lambda _: secret(namespace)),
        Goal("policy", NETWORK_POLICY, lambda _: network_policy(namespace)),
        Goal("connector", DEPLOYMENT, lambda _: deployment(namespace, labels={"tier": "edge"})),
        Goal("web", SERVICE, lambda _: service(namespace)),
        Goal("metrics", SERVICE, lambda _: service(namespace, clusterIP="None")),
        Goal("page", CONFIG_MAP, lambda _: config_map(namespace, text="hello")),
    ]
    stack = MiniEngine(kubernetes)
    assert set(stack.up(program).values()) == {"create"}
    assert set(stack.up(program).values()) == {"same"}
    assert set(stack.refresh().values()) == {"same"}
    assert set(stack.up(program).values()) == {"same"}
    kept = dict(stack.state)
    stack.destroy()
    assert [name for name, one in kept.items() if kubernetes.read(one)] == []


def test_the_state_equals_the_official_plugins(kubernetes: Plugin, cluster_api: Api, namespace: str) -> None:
    for official in (one for one in trace("state") if one["type"].startswith("kubernetes:")):
        given = json.loads(json.dumps(official["inputs"]).replace('"blog"', json.dumps(namespace)))
        if official["type"] == SECRET:
            given["data"] = Secret({"token": encoded("one")})
        if official["type"] == NAMESPACE:
            given["metadata"]["name"] = f"{namespace}-more"
        else:
            del given["metadata"]["name"], given["metadata"]["annotations"]
        inputs = kubernetes.check(official["type"], given, name=official["name"])
        kept = kubernetes.create(official["type"], inputs)
        assert comparable(kept.inputs) == comparable(official["inputs"]), official["name"]
        assert comparable(kept.outputs) == comparable(official["outputs"]), official["name"]
        assert comparable(kept.id) == comparable(official["id"])
        if official["type"] == NAMESPACE:
            cluster_api.delete(kept.outputs, "Background")


def comparable(value: Any) -> str:
    """Without what differs between two runs or clusters."""
    value = mask_secrets(value)
    if isinstance(value, dict):
        value = {name: item for name, item in value.items() if name != "status"}
        value.get("metadata", {}).pop("managedFields", None)
    text = json.dumps(value, sort_keys=True)
    text = re.sub(r"test-[0-9a-f]{8}(-more)?", "blog", text)
    text = re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "<uid>", text)
    text = re.sub(r"-[0-9a-f]{8}\b", "-<random>", text)
    text = re.sub(r'"resourceVersion": "\d+"', '"resourceVersion": "<n>"', text)
    return re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "<time>", text)


def test_a_name_is_generated_once_and_kept(kubernetes: Plugin, namespace: str) -> None:
    first = kubernetes.check(CONFIG_MAP, config_map(namespace), name="page")
    assert re.fullmatch("page-[0-9a-f]{8}", first["metadata"]["name"])
    assert first["metadata"]["annotations"] == {"pulumi.com/autonamed": "true"}
    again = kubernetes.check(CONFIG_MAP, config_map(namespace, a="1"), olds=first, name="page")
    assert again["metadata"] == first["metadata"]
    own = kubernetes.check(CONFIG_MAP, config_map(namespace, "own"), olds=first, name="page")
    assert own["metadata"] == {"name": "own", "namespace": namespace}
    last = kubernetes.check(CONFIG_MAP, config_map(namespace), olds=own, name="page")
    assert re.fullmatch("page-[0-9a-f]{8}", last["metadata"]["name"])


def test_a_namespaced_resource_without_a_namespace_goes_to_the_default_one(kubernetes: Plugin) -> None:
    thing = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "one"}}
    assert kubernetes.check(CONFIG_MAP, thing)["metadata"]["namespace"] == "default"
    assert "namespace" not in kubernetes.check(NAMESPACE, {"metadata": {"name": "one"}})["metadata"]


def test_version_and_kind_default_to_the_type_tokens(kubernetes: Plugin) -> None:
    checked = kubernetes.check(DEPLOYMENT, {"metadata": {"name": "one"}})
    assert (checked["apiVersion"], checked["kind"]) == ("apps/v1", "Deployment")


def test_a_secrets_values_are_encoded_and_secret_everywhere(
    kubernetes: Plugin, cluster_api: Api, namespace: str
) -> None:
    kept = made(kubernetes, SECRET, {**secret(namespace), "stringData": {"token": "given in the clear"}})
    hidden = Secret({"token": encoded("given in the clear")})
    assert kept.inputs["data"] == kept.outputs["data"] == kept.outputs["__inputs"]["data"] == hidden
    assert "stringData" not in kept.inputs
    assert live(cluster_api, kept)["data"] == hidden.value
    found = kubernetes.read(kept)
    assert found
    assert found.inputs["data"] == found.outputs["data"] == found.outputs["__inputs"]["data"] == hidden


def test_a_changed_secret_is_replaced_and_a_reference_to_it_is_one_change(kubernetes: Plugin, namespace: str) -> None:
    """As recorded of the official plugin in a preview, where the new value is unknown."""
    rows = {row["name"]: row for row in trace("preview")}
    kept = made(kubernetes, SECRET, secret(namespace))
    diff = kubernetes.diff(kept, kubernetes.check(SECRET, secret(namespace, UNKNOWN), olds=kept.inputs))
    assert sorted(diff.replaces) == rows["token"]["replaceReasons"]
    assert shown(diff) == rows["token"]["detailedDiff"]
    assert not diff.deleteBeforeReplace

    def refers(name: str) -> dict[str, Any]:
        value = {"secretKeyRef": {"name": name, "key": "token"}}
        inputs = deployment(namespace)
        inputs["spec"]["template"]["spec"]["containers"][0]["env"] = [{"name": "TUNNEL_TOKEN", "valueFrom": value}]
        return inputs

    kept = made(kubernetes, DEPLOYMENT, refers("first"))
    diff = kubernetes.diff(kept, kubernetes.check(DEPLOYMENT, refers("second"), olds=kept.inputs))
    assert shown(diff) == rows["cloudflared"]["detailedDiff"]
    assert list(diff.replaces) == []


def shown(diff: Any) -> dict[str, dict[str, Any]]:
    kinds = provider_pb2.PropertyDiff.Kind
    return {
        path: {"kind": kinds.Name(one.kind).lower().replace("_", "-"), "inputDiff": one.inputDiff}
        for path, one in diff.detailedDiff.items()
    }


@pytest.mark.parametrize(("name", "first"), [("", False), ("fixed", True)])
def test_an_explicitly_named_object_is_deleted_before_its_replacement(
    kubernetes: Plugin, namespace: str, name: str, first: bool
) -> None:
    kept = made(kubernetes, CONFIG_MAP, config_map(namespace, name, text="one"))
    diff = kubernetes.diff(kept, kubernetes.check(CONFIG_MAP, config_map(namespace, name, text="two"), kept.inputs))
    assert list(diff.replaces) == ["data.text"]
    assert diff.deleteBeforeReplace == first
    assert MiniEngine(kubernetes, {"one": kept}).up(
        [Goal("one", CONFIG_MAP, lambda _: config_map(namespace, name, text="two"))]
    ) == {"one": "replace"}


def test_more_replicas_are_one_change_in_place_and_awaited(
    kubernetes: Plugin, cluster_api: Api, namespace: str
) -> None:
    kept = made(kubernetes, DEPLOYMENT, deployment(namespace))
    news = kubernetes.check(DEPLOYMENT, deployment(namespace, 3), olds=kept.inputs)
    diff = kubernetes.diff(kept, news)
    assert shown(diff) == {"spec.replicas": {"kind": "update", "inputDiff": False}}
    planned = kubernetes.update(kept, news, preview=True)
    assert planned.outputs["spec"]["replicas"] == 3
    assert live(cluster_api, kept)["spec"]["replicas"] == 2
    kept = kubernetes.update(kept, news)
    assert kept.outputs["status"]["availableReplicas"] == 3
    assert live(cluster_api, kept)["status"]["availableReplicas"] == 3


def test_a_field_the_program_no_longer_sets_is_removed(kubernetes: Plugin, cluster_api: Api, namespace: str) -> None:
    kept = made(kubernetes, DEPLOYMENT, deployment(namespace, 0, labels={"tier": "edge", "team": "web"}))
    for labels in ({"tier": "edge"}, {}):
        news = kubernetes.check(DEPLOYMENT, deployment(namespace, 0, labels=labels), olds=kept.inputs)
        assert list(kubernetes.diff(kept, news).replaces) == []
        kept = kubernetes.update(kept, news)
        assert live(cluster_api, kept)["metadata"].get("labels", {}) == labels


def test_an_existing_name_is_refused(kubernetes: Plugin, cluster_api: Api, namespace: str) -> None:
    kept = made(kubernetes, CONFIG_MAP, config_map(namespace, "taken", text="theirs"))
    inputs = kubernetes.check(CONFIG_MAP, config_map(namespace, "taken", text="ours"))
    assert kubernetes.create(CONFIG_MAP, inputs, preview=True).outputs == inputs
    with pytest.raises(
        PluginError, match=r'configmaps "taken" already exists\n\nThe resource already exists in the cluster'
    ):
        kubernetes.create(CONFIG_MAP, inputs)
    assert live(cluster_api, kept)["data"] == {"text": "theirs"}


def test_a_preview_is_a_dry_run_of_the_api_server(kubernetes: Plugin, cluster_api: Api, namespace: str) -> None:
    planned = made(kubernetes, DEPLOYMENT, deployment(namespace), preview=True)
    assert planned.id == ""
    assert planned.outputs["spec"]["progressDeadlineSeconds"] == 600
    assert "status" not in planned.outputs
    assert cluster_api.get(plain(planned.inputs)) is None


@pytest.mark.parametrize("preview", [True, False])
def test_an_unknown_field_is_refused_by_name(kubernetes: Plugin, namespace: str, preview: bool) -> None:
    with pytest.raises(PluginError, match=r'unknown field "spec\.template\.spec\.hostNetworking"'):
        made(kubernetes, DEPLOYMENT, deployment(namespace, hostNetworking=True), preview=preview)


def test_a_preview_accepts_what_the_update_creates_first(kubernetes: Plugin) -> None:
    absent = kubernetes.check(CONFIG_MAP, config_map("not-there-yet", text="one"))
    assert kubernetes.create(CONFIG_MAP, absent, preview=True).outputs == absent
    type = "kubernetes:example.com/v1:Widget"
    inputs = kubernetes.check(type, {"spec": {"size": 1}})
    assert kubernetes.create(type, inputs, preview=True).outputs == inputs
    unknown = kubernetes.check(CONFIG_MAP, config_map("default", text="one") | {"data": {"text": UNKNOWN}})
    assert kubernetes.create(CONFIG_MAP, unknown, preview=True).outputs == unknown


def test_a_creation_waits_for_its_namespace(kubernetes: Plugin, cluster_api: Api, namespace: str) -> None:
    later = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": f"{namespace}-later"}}
    timer = threading.Timer(0.3, lambda: cluster_api.create(later, preview=False))
    timer.start()
    kept = made(kubernetes, CONFIG_MAP, config_map(f"{namespace}-later", text="one"))
    timer.join()
    assert kept.id.startswith(f"{namespace}-later/")
    cluster_api.delete(later, "Background")


def test_an_object_that_does_not_become_ready_is_stored_and_reported_with_its_reason(
    kubernetes: Plugin, namespace: str
) -> None:
    """Pod Security accepts the Deployment and none of its pods. The controllers write the condition and the warning
    event each in their own time, so that on a busy machine either may be missing when the deadline passes."""
    inputs = deployment(namespace, securityContext={"runAsUser": 0})
    inputs["spec"]["progressDeadlineSeconds"] = 2
    inputs = kubernetes.check(DEPLOYMENT, inputs)
    with pytest.raises(PluginError) as raised:
        kubernetes.create(DEPLOYMENT, inputs)
    name = inputs["metadata"]["name"]
    assert f"Deployment {namespace}/{name} will not become ready: ReplicaSet" in str(raised.value)
    assert re.search("progressing.; (last warning: FailedCreate: .*)?pods .* violates PodSecurity ", str(raised.value))
    error = raised.value.__cause__
    assert isinstance(error, grpc.RpcError)
    trailing: Any = error.trailing_metadata()  # pyright: ignore[reportAttributeAccessIssue]
    status = status_pb2.Status.FromString(dict(trailing)["grpc-status-details-bin"])
    failed = provider_pb2.ErrorResourceInitFailed()
    assert status.details[0].Unpack(failed)
    assert failed.id == f"{namespace}/{name}"
    assert str(raised.value) in failed.reasons
    # The next up repairs it.
    kept = ResourceState(DEPLOYMENT, failed.id, inputs, from_struct(failed.properties))
    news = kubernetes.check(DEPLOYMENT, deployment(namespace), olds=inputs)
    assert kubernetes.update(kept, news).outputs["status"]["availableReplicas"] == 2


def test_a_timeout_reports_the_last_warning_event(kubernetes: Plugin, namespace: str) -> None:
    inputs = deployment(namespace, nodeSelector={"kubernetes.io/hostname": "nowhere"})
    with pytest.raises(PluginError, match=r"was not ready after 3 s: 0 of 2 replicas are available.*FailedScheduling"):
        made(kubernetes, DEPLOYMENT, inputs, timeout=3)


def test_an_interrupt_ends_the_waits_of_its_own_engine(kubernetes: Plugin, cluster_api: Api, namespace: str) -> None:
    def never(plugin: Plugin, name: str) -> ResourceState:
        inputs = deployment(namespace, nodeSelector={"kubernetes.io/hostname": "nowhere"})
        inputs["metadata"]["name"] = name
        return made(plugin, DEPLOYMENT, inputs)

    path = f"/apis/apps/v1/namespaces/{namespace}/deployments"
    with connect(kubernetes.port) as other, ThreadPoolExecutor(2) as pool:
        mine, theirs = pool.submit(never, kubernetes, "mine"), pool.submit(never, other, "theirs")
        while len(cluster_api.call("GET", path)["items"]) < 2:
            time.sleep(0.02)
        while not mine.done():
            kubernetes.call("Cancel", empty_pb2.Empty())
            time.sleep(0.02)
        cluster_api.call("DELETE", f"{path}/theirs")
        with pytest.raises(PluginError, match=f"interrupted while waiting for Deployment {namespace}/mine"):
            mine.result()
        with pytest.raises(PluginError, match=f"{namespace}/theirs was deleted while waiting for it to become ready"):
            theirs.result()


def test_an_annotation_disables_the_wait(kubernetes: Plugin, namespace: str) -> None:
    inputs = deployment(namespace, nodeSelector={"kubernetes.io/hostname": "nowhere"})
    inputs["metadata"]["annotations"] = {"pulumi.com/skipAwait": "true"}
    assert made(kubernetes, DEPLOYMENT, inputs).outputs["kind"] == "Deployment"


def test_a_service_waits_for_its_endpoints(kubernetes: Plugin, cluster_api: Api, namespace: str) -> None:
    made(kubernetes, DEPLOYMENT, deployment(namespace))
    kept = made(kubernetes, SERVICE, service(namespace))
    path = f"/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices"
    wanted = {"labelSelector": f"kubernetes.io/service-name={kept.outputs['metadata']['name']}"}
    slices = cluster_api.call("GET", path, query=wanted)["items"]
    assert all(end["conditions"]["ready"] for one in slices for end in one["endpoints"] or [])
    assert slices


def test_a_service_with_an_endpoint_that_is_not_ready_is_not_ready(
    kubernetes: Plugin, cluster_api: Api, namespace: str
) -> None:
    labels = {"kubernetes.io/service-name": "web"}
    pending = {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"namespace": namespace, "name": "by-hand", "labels": labels},
        "addressType": "IPv4",
        "endpoints": [{"addresses": ["10.244.1.77"], "conditions": {"ready": False}}],
    }
    cluster_api.create(pending, preview=False)
    inputs = service(namespace)
    inputs["metadata"]["name"] = "web"
    with pytest.raises(
        PluginError, match=r"Service .*/web was not ready after 2 s: 1 of its 1 endpoints are not ready"
    ):
        made(kubernetes, SERVICE, inputs, timeout=2)


def test_a_deletion_waits_for_the_pods(kubernetes: Plugin, cluster_api: Api, namespace: str) -> None:
    kept = made(kubernetes, DEPLOYMENT, deployment(namespace))
    pods = f"/api/v1/namespaces/{namespace}/pods"
    assert len(cluster_api.call("GET", pods)["items"]) == 2
    kubernetes.delete(kept)
    assert cluster_api.call("GET", pods)["items"] == []
    assert kubernetes.read(kept) is None
    kubernetes.delete(kept)


def test_a_blocked_deletion_names_the_finalizers(kubernetes: Plugin, cluster_api: Api, namespace: str) -> None:
    inputs = config_map(namespace, "held", text="one")
    inputs["metadata"] |= {"finalizers": ["example.com/held"], "annotations": {"pulumi.com/timeoutSeconds": "0.2"}}
    kept = made(kubernetes, CONFIG_MAP, inputs)
    with pytest.raises(PluginError, match=r"ConfigMap .*/held still exists .* finalizers: example\.com/held"):
        kubernetes.delete(kept)
    cluster_api.merge(plain(kept.outputs), {"metadata": {"finalizers": None}})


def test_an_existing_object_is_imported_by_name(kubernetes: Plugin, cluster_api: Api, namespace: str) -> None:
    cluster_api.create(config_map(namespace, "by-hand", text="one"), preview=False)
    found = kubernetes.read(ResourceState(CONFIG_MAP, f"{namespace}/by-hand", {}, {}))
    assert found
    assert found.inputs == config_map(namespace, "by-hand", text="one")
    assert kubernetes.diff(found, found.inputs).changes == provider_pb2.DiffResponse.DIFF_NONE
    assert kubernetes.read(ResourceState(CONFIG_MAP, f"{namespace}/not-there", {}, {})) is None
    by_hand = made(kubernetes, DEPLOYMENT, deployment(namespace, 0))
    found = kubernetes.read(ResourceState(DEPLOYMENT, by_hand.id, {}, {}))
    assert found
    assert set(found.inputs) == {"apiVersion", "kind", "metadata", "spec"}
    assert found.inputs["metadata"] == by_hand.inputs["metadata"]


def test_a_foreign_change_is_found_by_a_refresh_and_a_conflict_unless_forced(
    kubernetes: Plugin, cluster_api: Api, namespace: str
) -> None:
    def wanted(**annotations: str) -> dict[str, Any]:
        inputs = deployment(namespace, 0, labels={"tier": "edge"})
        return {**inputs, "metadata": {**inputs["metadata"], "annotations": annotations}}

    stack = MiniEngine(kubernetes)
    stack.up([Goal("one", DEPLOYMENT, lambda _: wanted())])
    stack.state["one"] = kubernetes.update(stack.state["one"], stack.state["one"].inputs)
    by_hand = {"metadata": {"labels": {"tier": "changed"}}}
    cluster_api.merge(plain(stack.state["one"].outputs), by_hand)
    assert stack.refresh() == {"one": "update"}
    assert stack.state["one"].inputs["metadata"]["labels"] == {"tier": "changed"}
    for preview in (True, False):
        news = kubernetes.check(DEPLOYMENT, wanted(), olds=stack.state["one"].inputs)
        with pytest.raises(PluginError, match=r"had an apply conflict: .* \.metadata\.labels\.tier"):
            kubernetes.update(stack.state["one"], news, preview=preview)
    forced = {"pulumi.com/patchForce": "true"}
    assert stack.up([Goal("one", DEPLOYMENT, lambda _: wanted(**forced))]) == {"one": "update"}
    assert live(cluster_api, stack.state["one"])["metadata"]["labels"] == {"tier": "edge"}


def test_a_secret_that_the_api_server_refuses_is_not_quoted(kubernetes: Plugin, namespace: str) -> None:
    inputs = {"apiVersion": "v1", "kind": "Secret", "metadata": {"namespace": namespace, "name": "bad"}}
    with pytest.raises(PluginError) as raised:
        made(kubernetes, SECRET, {**inputs, "data": Secret({"token": "not base64 at all!"})})
    assert "illegal base64" in str(raised.value)
    assert "not base64" not in str(raised.value)


def test_a_pod_that_pod_security_forbids_is_refused(kubernetes: Plugin, namespace: str) -> None:
    inputs = {"metadata": {"namespace": namespace}, "spec": pod_spec(hostNetwork=True)}
    with pytest.raises(PluginError, match="violates PodSecurity"):
        made(kubernetes, POD, inputs)
    inputs["spec"] = pod_spec()
    assert made(kubernetes, POD, inputs).outputs["status"]["phase"] == "Running"


def test_many_objects_are_created_concurrently(kubernetes: Plugin, namespace: str) -> None:
    with ThreadPoolExecutor(64) as pool:
        kept = list(
            pool.map(lambda n: made(kubernetes, CONFIG_MAP, config_map(namespace, f"n{n}", text="one")), range(64))
        )
    assert len({one.outputs["metadata"]["uid"] for one in kept}) == 64


def test_many_waits_do_not_block_other_calls(kubernetes: Plugin, cluster_api: Api, namespace: str) -> None:
    def never(number: int) -> ResourceState:
        inputs = deployment(namespace, nodeSelector={"kubernetes.io/hostname": "nowhere"})
        inputs["metadata"]["name"] = f"never-{number}"
        return made(kubernetes, DEPLOYMENT, inputs)

    path = f"/apis/apps/v1/namespaces/{namespace}/deployments"
    with ThreadPoolExecutor(40) as pool:
        waits = [pool.submit(never, number) for number in range(40)]
        while len(cluster_api.call("GET", path)["items"]) < 40:
            time.sleep(0.05)
        made(kubernetes, CONFIG_MAP, config_map(namespace, text="one"))
        assert not any(wait.done() for wait in waits)
        cluster_api.call("DELETE", path)
        for wait in waits:
            with pytest.raises(PluginError, match="was deleted while waiting for it to become ready"):
                wait.result()


def test_patch_resources_are_refused(kubernetes: Plugin) -> None:
    inputs = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default", "labels": LABELS}}
    with pytest.raises(PluginError, match="NamespacePatch is not supported by the stand-in"):
        kubernetes.check("kubernetes:core/v1:NamespacePatch", inputs)


def test_an_unknown_kind_is_refused_after_some_attempts(kubernetes: Plugin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sandbox.providers.kubernetes.provider.FIRST_PAUSE", 0.001)
    with pytest.raises(
        PluginError, match=r"does not serve example\.com/v1/Widget: create its CustomResourceDefinition first"
    ):
        made(kubernetes, "kubernetes:example.com/v1:Widget", {"spec": {"size": 1}})


def test_a_missing_kubeconfig_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "absent"))
    with (
        running_plugin("kubernetes") as plugin,
        pytest.raises(PluginError, match=r"no cluster is configured: .*/absent"),
    ):
        plugin.check(NAMESPACE, {"metadata": {"name": "one"}})


def test_a_kubeconfig_can_be_configured_by_content(
    kubernetes: Plugin, kubeconfig: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", "/not/there")
    answer = kubernetes.configure(kubeconfig=kubeconfig.read_text())
    assert (answer.acceptSecrets, answer.acceptResources, answer.supportsPreview) == (True, True, True)
    assert kubernetes.check(NAMESPACE, {"metadata": {"name": "one", "labels": LABELS}})["metadata"]["labels"] == LABELS


SEALED = "kubernetes:bitnami.com/v1alpha1:SealedSecret"


def sealed_secret(namespace: str, **annotations: str) -> dict[str, Any]:
    metadata = {"name": "token", "namespace": namespace, "annotations": annotations}
    kind = {"apiVersion": "bitnami.com/v1alpha1", "kind": "SealedSecret"}
    return {**kind, "metadata": metadata, "spec": {"encryptedData": {"token": "AAAA"}}}


def set_condition(api: Api, namespace: str, status: str, message: str = "") -> None:
    """Sets the condition that the kind's controller would set, once the object exists."""
    path = f"/apis/bitnami.com/v1alpha1/namespaces/{namespace}/sealedsecrets/token"
    condition = {"type": "Synced", "status": status, "message": message}
    body = {"status": {"observedGeneration": 1, "conditions": [condition]}}
    while not api.get(sealed_secret(namespace)):
        time.sleep(0.02)
    api.call("PATCH", f"{path}/status", body, media="application/merge-patch+json")


def test_a_custom_resource_is_awaited_if_it_names_a_condition(
    kubernetes: Plugin, cluster_api: Api, namespace: str
) -> None:
    with ThreadPoolExecutor() as pool:
        reporting = pool.submit(set_condition, cluster_api, namespace, "True")
        kept = made(kubernetes, SEALED, sealed_secret(namespace, **{"pulumi.com/waitFor": "condition=Synced"}))
        reporting.result()
    assert plain(kept.outputs)["status"]["conditions"][0]["status"] == "True"


def test_the_message_of_an_unmet_condition_is_reported(kubernetes: Plugin, cluster_api: Api, namespace: str) -> None:
    asked = {"pulumi.com/waitFor": "condition=Synced", "pulumi.com/timeoutSeconds": "2"}
    with ThreadPoolExecutor() as pool:
        reporting = pool.submit(set_condition, cluster_api, namespace, "False", "no key could decrypt secret")
        with pytest.raises(PluginError, match="its condition Synced is False: no key could decrypt secret"):
            made(kubernetes, SEALED, sealed_secret(namespace, **asked))
        reporting.result()


def test_a_custom_resource_without_a_condition_is_not_awaited(kubernetes: Plugin, namespace: str) -> None:
    assert "status" not in plain(made(kubernetes, SEALED, sealed_secret(namespace)).outputs)
