"""The stand-in against a real API server: names, waits, refusals, replacements, and what the state keeps."""

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


def secret(namespace: str, token: Any = "open sesame") -> dict[str, Any]:  # noqa: S107 - no real one
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


def test_a_program_is_made_once_and_neither_a_second_up_nor_a_refresh_finds_a_change(
    kubernetes: Plugin, namespace: str
) -> None:
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


def test_the_state_keeps_what_the_official_plugin_keeps(kubernetes: Plugin, cluster_api: Api, namespace: str) -> None:
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
    """Without what differs between any two runs or clusters; conditions in one order."""
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


def test_a_resource_without_a_namespace_goes_to_the_default_one_unless_its_kind_has_none(kubernetes: Plugin) -> None:
    thing = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "one"}}
    assert kubernetes.check(CONFIG_MAP, thing)["metadata"]["namespace"] == "default"
    assert "namespace" not in kubernetes.check(NAMESPACE, {"metadata": {"name": "one"}})["metadata"]


def test_version_and_kind_come_from_the_type_where_the_program_gives_none(kubernetes: Plugin) -> None:
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
    """As recorded of the official plugin, in a preview: the new value is not known yet."""
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
def test_what_has_a_name_of_its_own_is_deleted_before_it_is_replaced(
    kubernetes: Plugin, namespace: str, name: str, first: bool
) -> None:
    kept = made(kubernetes, CONFIG_MAP, config_map(namespace, name, text="one"))
    diff = kubernetes.diff(kept, kubernetes.check(CONFIG_MAP, config_map(namespace, name, text="two"), kept.inputs))
    assert list(diff.replaces) == ["data.text"]
    assert diff.deleteBeforeReplace == first
    assert MiniEngine(kubernetes, {"one": kept}).up(
        [Goal("one", CONFIG_MAP, lambda _: config_map(namespace, name, text="two"))]
    ) == {"one": "replace"}


def test_more_replicas_are_one_change_in_place_and_rolled_out_on_return(
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


def test_what_the_program_no_longer_says_is_taken_away(kubernetes: Plugin, cluster_api: Api, namespace: str) -> None:
    kept = made(kubernetes, DEPLOYMENT, deployment(namespace, 0, labels={"tier": "edge", "team": "web"}))
    for labels in ({"tier": "edge"}, {}):
        news = kubernetes.check(DEPLOYMENT, deployment(namespace, 0, labels=labels), olds=kept.inputs)
        assert list(kubernetes.diff(kept, news).replaces) == []
        kept = kubernetes.update(kept, news)
        assert live(cluster_api, kept)["metadata"].get("labels", {}) == labels


def test_a_name_that_exists_is_refused_and_what_has_it_stays(
    kubernetes: Plugin, cluster_api: Api, namespace: str
) -> None:
    kept = made(kubernetes, CONFIG_MAP, config_map(namespace, "taken", text="theirs"))
    inputs = kubernetes.check(CONFIG_MAP, config_map(namespace, "taken", text="ours"))
    assert kubernetes.create(CONFIG_MAP, inputs, preview=True).outputs == inputs
    with pytest.raises(
        PluginError, match=r'configmaps "taken" already exists\n\nThe resource already exists in the cluster'
    ):
        kubernetes.create(CONFIG_MAP, inputs)
    assert live(cluster_api, kept)["data"] == {"text": "theirs"}


def test_a_preview_asks_the_api_server_and_makes_nothing(kubernetes: Plugin, cluster_api: Api, namespace: str) -> None:
    planned = made(kubernetes, DEPLOYMENT, deployment(namespace), preview=True)
    assert planned.id == ""
    assert planned.outputs["spec"]["progressDeadlineSeconds"] == 600
    assert "status" not in planned.outputs
    assert cluster_api.get(plain(planned.inputs)) is None


@pytest.mark.parametrize("preview", [True, False])
def test_a_field_that_is_not_there_is_refused_by_name(kubernetes: Plugin, namespace: str, preview: bool) -> None:
    with pytest.raises(PluginError, match=r'unknown field "spec\.template\.spec\.hostNetworking"'):
        made(kubernetes, DEPLOYMENT, deployment(namespace, hostNetworking=True), preview=preview)


def test_a_preview_lets_pass_what_the_update_itself_will_first_make(kubernetes: Plugin) -> None:
    absent = kubernetes.check(CONFIG_MAP, config_map("not-there-yet", text="one"))
    assert kubernetes.create(CONFIG_MAP, absent, preview=True).outputs == absent
    type = "kubernetes:example.com/v1:Widget"
    inputs = kubernetes.check(type, {"spec": {"size": 1}})
    assert kubernetes.create(type, inputs, preview=True).outputs == inputs
    unknown = kubernetes.check(CONFIG_MAP, config_map("default", text="one") | {"data": {"text": UNKNOWN}})
    assert kubernetes.create(CONFIG_MAP, unknown, preview=True).outputs == unknown


def test_a_namespace_that_comes_a_little_later_is_waited_for(
    kubernetes: Plugin, cluster_api: Api, namespace: str
) -> None:
    later = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": f"{namespace}-later"}}
    timer = threading.Timer(0.3, lambda: cluster_api.create(later, preview=False))
    timer.start()
    kept = made(kubernetes, CONFIG_MAP, config_map(f"{namespace}-later", text="one"))
    timer.join()
    assert kept.id.startswith(f"{namespace}-later/")
    cluster_api.delete(later, "Background")


def test_what_does_not_become_ready_is_kept_and_told_with_its_reason(kubernetes: Plugin, namespace: str) -> None:
    """Pod Security lets the Deployment in, and none of its pods."""
    inputs = deployment(namespace, securityContext={"runAsUser": 0})
    inputs["spec"]["progressDeadlineSeconds"] = 1
    inputs = kubernetes.check(DEPLOYMENT, inputs)
    with pytest.raises(PluginError) as told:
        kubernetes.create(DEPLOYMENT, inputs)
    name = inputs["metadata"]["name"]
    assert f"Deployment {namespace}/{name} will not become ready: ReplicaSet" in str(told.value)
    assert re.search("progressing.; pods .* violates PodSecurity .*; last warning: FailedCreate", str(told.value))
    error = told.value.__cause__
    assert isinstance(error, grpc.RpcError)
    trailing: Any = error.trailing_metadata()  # pyright: ignore[reportAttributeAccessIssue]
    status = status_pb2.Status.FromString(dict(trailing)["grpc-status-details-bin"])
    failed = provider_pb2.ErrorResourceInitFailed()
    assert status.details[0].Unpack(failed)
    assert failed.id == f"{namespace}/{name}"
    assert str(told.value) in failed.reasons
    # The next up puts it right, and what failed before is not held against it.
    kept = ResourceState(DEPLOYMENT, failed.id, inputs, from_struct(failed.properties))
    news = kubernetes.check(DEPLOYMENT, deployment(namespace), olds=inputs)
    assert kubernetes.update(kept, news).outputs["status"]["availableReplicas"] == 2


def test_a_wait_ends_when_its_time_is_over_and_tells_the_last_warning(kubernetes: Plugin, namespace: str) -> None:
    inputs = deployment(namespace, nodeSelector={"kubernetes.io/hostname": "nowhere"})
    with pytest.raises(PluginError, match=r"was not ready after 3 s: 0 of 2 replicas are available.*FailedScheduling"):
        made(kubernetes, DEPLOYMENT, inputs, timeout=3)


def test_an_interrupted_engine_ends_its_own_waits_and_keeps_what_it_made(
    kubernetes: Plugin, cluster_api: Api, namespace: str
) -> None:
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


def test_an_annotation_waits_for_nothing(kubernetes: Plugin, namespace: str) -> None:
    inputs = deployment(namespace, nodeSelector={"kubernetes.io/hostname": "nowhere"})
    inputs["metadata"]["annotations"] = {"pulumi.com/skipAwait": "true"}
    assert made(kubernetes, DEPLOYMENT, inputs).outputs["kind"] == "Deployment"


def test_a_service_waits_for_the_endpoints_it_will_have(kubernetes: Plugin, cluster_api: Api, namespace: str) -> None:
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


def test_deleting_returns_when_the_pods_are_gone_too(kubernetes: Plugin, cluster_api: Api, namespace: str) -> None:
    kept = made(kubernetes, DEPLOYMENT, deployment(namespace))
    pods = f"/api/v1/namespaces/{namespace}/pods"
    assert len(cluster_api.call("GET", pods)["items"]) == 2
    kubernetes.delete(kept)
    assert cluster_api.call("GET", pods)["items"] == []
    assert kubernetes.read(kept) is None
    kubernetes.delete(kept)


def test_a_deletion_that_something_holds_up_names_what(kubernetes: Plugin, cluster_api: Api, namespace: str) -> None:
    inputs = config_map(namespace, "held", text="one")
    inputs["metadata"] |= {"finalizers": ["example.com/held"], "annotations": {"pulumi.com/timeoutSeconds": "0.2"}}
    kept = made(kubernetes, CONFIG_MAP, inputs)
    with pytest.raises(PluginError, match=r"ConfigMap .*/held still exists .* finalizers: example\.com/held"):
        kubernetes.delete(kept)
    cluster_api.merge(plain(kept.outputs), {"metadata": {"finalizers": None}})


def test_an_object_made_by_hand_is_imported_by_its_name(kubernetes: Plugin, cluster_api: Api, namespace: str) -> None:
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


def test_a_change_by_hand_is_found_by_a_refresh_and_told_as_a_conflict_unless_forced(
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
        with pytest.raises(PluginError, match=r"field conflict detected: .*conflict .* \.metadata\.labels\.tier"):
            kubernetes.update(stack.state["one"], news, preview=preview)
    forced = {"pulumi.com/patchForce": "true"}
    assert stack.up([Goal("one", DEPLOYMENT, lambda _: wanted(**forced))]) == {"one": "update"}
    assert live(cluster_api, stack.state["one"])["metadata"]["labels"] == {"tier": "edge"}


def test_a_secret_that_the_api_server_refuses_is_not_quoted(kubernetes: Plugin, namespace: str) -> None:
    inputs = {"apiVersion": "v1", "kind": "Secret", "metadata": {"namespace": namespace, "name": "bad"}}
    with pytest.raises(PluginError) as told:
        made(kubernetes, SECRET, {**inputs, "data": Secret({"token": "not base64 at all!"})})
    assert "illegal base64" in str(told.value)
    assert "not base64" not in str(told.value)


def test_a_pod_that_pod_security_forbids_is_refused(kubernetes: Plugin, namespace: str) -> None:
    inputs = {"metadata": {"namespace": namespace}, "spec": pod_spec(hostNetwork=True)}
    with pytest.raises(PluginError, match="violates PodSecurity"):
        made(kubernetes, POD, inputs)
    inputs["spec"] = pod_spec()
    assert made(kubernetes, POD, inputs).outputs["status"]["phase"] == "Running"


def test_many_objects_are_made_at_once(kubernetes: Plugin, namespace: str) -> None:
    with ThreadPoolExecutor(64) as pool:
        kept = list(
            pool.map(lambda n: made(kubernetes, CONFIG_MAP, config_map(namespace, f"n{n}", text="one")), range(64))
        )
    assert len({one.outputs["metadata"]["uid"] for one in kept}) == 64


def test_many_waits_do_not_hold_up_other_calls(kubernetes: Plugin, cluster_api: Api, namespace: str) -> None:
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


def test_a_patch_of_what_others_made_is_not_taken_for_the_object(kubernetes: Plugin) -> None:
    inputs = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default", "labels": LABELS}}
    with pytest.raises(PluginError, match="NamespacePatch is not supported by the stand-in"):
        kubernetes.check("kubernetes:core/v1:NamespacePatch", inputs)


def test_a_kind_of_which_nobody_heard_is_refused_after_a_while(
    kubernetes: Plugin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sandbox.providers.kubernetes.provider.FIRST_PAUSE", 0.001)
    with pytest.raises(
        PluginError, match=r"does not serve example\.com/v1/Widget: create its CustomResourceDefinition first"
    ):
        made(kubernetes, "kubernetes:example.com/v1:Widget", {"spec": {"size": 1}})


def test_a_kubeconfig_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "absent"))
    with running_plugin("kubernetes") as plugin, pytest.raises(PluginError, match=r"no usable kubeconfig \(.*absent\)"):
        plugin.check(NAMESPACE, {"metadata": {"name": "one"}})


def test_a_kubeconfig_can_be_given_by_content_to_one_provider(
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


def told(api: Api, namespace: str, status: str, message: str = "") -> None:
    """What the kind's controller would say, as soon as there is something to say it of."""
    path = f"/apis/bitnami.com/v1alpha1/namespaces/{namespace}/sealedsecrets/token"
    condition = {"type": "Synced", "status": status, "message": message}
    body = {"status": {"observedGeneration": 1, "conditions": [condition]}}
    while not api.get(sealed_secret(namespace)):
        time.sleep(0.02)
    api.call("PATCH", f"{path}/status", body, media="application/merge-patch+json")


def test_a_custom_resource_is_waited_for_where_it_says_what_for(
    kubernetes: Plugin, cluster_api: Api, namespace: str
) -> None:
    with ThreadPoolExecutor() as pool:
        telling = pool.submit(told, cluster_api, namespace, "True")
        kept = made(kubernetes, SEALED, sealed_secret(namespace, **{"pulumi.com/waitFor": "condition=Synced"}))
        telling.result()
    assert plain(kept.outputs)["status"]["conditions"][0]["status"] == "True"


def test_what_its_controller_says_is_told_when_it_does_not_become_so(
    kubernetes: Plugin, cluster_api: Api, namespace: str
) -> None:
    asked = {"pulumi.com/waitFor": "condition=Synced", "pulumi.com/timeoutSeconds": "2"}
    with ThreadPoolExecutor() as pool:
        telling = pool.submit(told, cluster_api, namespace, "False", "no key could decrypt secret")
        with pytest.raises(PluginError, match="its condition Synced is False: no key could decrypt secret"):
            made(kubernetes, SEALED, sealed_secret(namespace, **asked))
        telling.result()


def test_a_custom_resource_that_says_nothing_is_not_waited_for(kubernetes: Plugin, namespace: str) -> None:
    assert "status" not in plain(made(kubernetes, SEALED, sealed_secret(namespace)).outputs)
