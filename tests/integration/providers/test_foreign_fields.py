"""Fields that others set on the program's objects, at the next update: kept, taken back, or a conflict that the option
`enablePatchForce` resolves. What each manager owns decides, as with the official plugin."""

import base64
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from sandbox.providers.kubernetes.api import Api
from sandbox.providers.values import Secret, plain
from tests.support.kubernetes_inputs import (
    DEPLOYMENT,
    NAMESPACE,
    NETWORK_POLICY,
    POD_DISRUPTION_BUDGET,
    SECRET,
    SERVICE,
    budget,
    deployment,
    network_policy,
    service,
)
from tests.support.plugin_client import Goal, MiniEngine, Plugin, PluginError

OTHER = "image-updater"
KUBECTL = "kubectl-edit"
CONNECTOR = "connector"


def container(**fields: Any) -> dict[str, Any]:
    return {"spec": {"template": {"spec": {"containers": [{"name": CONNECTOR, **fields}]}}}}


def template(**metadata: Any) -> dict[str, Any]:
    return {"spec": {"template": {"metadata": metadata}}}


def labelled(inputs: dict[str, Any]) -> dict[str, Any]:
    metadata = {**inputs["metadata"], "labels": {"team": "ours"}, "annotations": {"note": "ours"}}
    return {**inputs, "metadata": metadata}


def workload(namespace: str) -> dict[str, Any]:
    inputs = labelled(deployment(namespace, 0))
    inputs["spec"]["template"]["metadata"]["annotations"] = {"note": "ours"}
    inputs["spec"]["template"]["spec"]["containers"][0]["env"] = [{"name": "TUNNEL_LOGLEVEL", "value": "info"}]
    return inputs


def objects(namespace: str) -> dict[str, dict[str, Any]]:
    secret: dict[str, Any] = {"metadata": {"namespace": namespace}, "stringData": Secret({"token": "ours"})}
    return {
        DEPLOYMENT: workload(namespace),
        SERVICE: labelled(service(namespace, clusterIP="None")),
        POD_DISRUPTION_BUDGET: labelled(budget(namespace)),
        SECRET: labelled(secret),
        NETWORK_POLICY: labelled(network_policy(namespace)),
        NAMESPACE: {"metadata": {"name": f"{namespace}-own", "labels": {"team": "ours"}}},
    }


DECLARED: dict[str, tuple[str, dict[str, Any]]] = {
    "image": (DEPLOYMENT, container(image="cloudflare/cloudflared:2026.1.0")),
    "resources": (DEPLOYMENT, container(resources={"limits": {"memory": "2Gi"}})),
    "environment": (DEPLOYMENT, container(env=[{"name": "TUNNEL_LOGLEVEL", "value": "debug"}])),
    "label of the Deployment": (DEPLOYMENT, {"metadata": {"labels": {"team": "theirs"}}}),
    "annotation of the Deployment": (DEPLOYMENT, {"metadata": {"annotations": {"note": "theirs"}}}),
    "annotation of the pods": (DEPLOYMENT, template(annotations={"note": "theirs"})),
    "ports of the Service": (SERVICE, {"spec": {"ports": [{"port": 80, "targetPort": 2001}]}}),
    "label of the Service": (SERVICE, {"metadata": {"labels": {"team": "theirs"}}}),
    "budget": (POD_DISRUPTION_BUDGET, {"spec": {"maxUnavailable": 2}}),
    "label of the Secret": (SECRET, {"metadata": {"labels": {"team": "theirs"}}}),
    "network policy": (NETWORK_POLICY, {"spec": {"egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}]}}),
    "label of the network policy": (NETWORK_POLICY, {"metadata": {"labels": {"team": "theirs"}}}),
    "label of the namespace": (NAMESPACE, {"metadata": {"labels": {"team": "theirs"}}}),
}
"""Changed values of fields that the program declares."""

ADDED: dict[str, tuple[str, dict[str, Any]]] = {
    "environment": (DEPLOYMENT, container(env=[{"name": "TUNNEL_RETRIES", "value": "8"}])),
    "label of the Deployment": (DEPLOYMENT, {"metadata": {"labels": {"added": "theirs"}}}),
    "annotation of the pods": (DEPLOYMENT, template(annotations={"kubectl.kubernetes.io/restartedAt": "theirs"})),
    "label of the pods": (DEPLOYMENT, template(labels={"added": "theirs"})),
    "annotation of the Service": (SERVICE, {"metadata": {"annotations": {"added": "theirs"}}}),
    "label of the budget": (POD_DISRUPTION_BUDGET, {"metadata": {"labels": {"added": "theirs"}}}),
    "label of the Secret": (SECRET, {"metadata": {"labels": {"added": "theirs"}}}),
    "label of the network policy": (NETWORK_POLICY, {"metadata": {"labels": {"added": "theirs"}}}),
    "label of the namespace": (NAMESPACE, {"metadata": {"labels": {"added": "theirs"}}}),
}
"""Values that the program does not declare."""


class Program:
    """One object of a program, created and updated once, so that its resource's own manager owns its fields."""

    def __init__(self, plugin: Plugin, api: Api, namespace: str, type: str) -> None:
        self.api = api
        self.type = type
        self.declared = objects(namespace)[type]
        self.engine = MiniEngine(plugin)
        self.up()
        self.declared["metadata"]["labels"]["step"] = "one"
        self.up()

    def up(self) -> None:
        self.engine.up([Goal("one", self.type, lambda _: self.declared)])

    def next_change(self) -> None:
        """Another label of the program's own, without a refresh: the state does not know of any foreign change."""
        self.declared["metadata"]["labels"]["step"] = "two"
        self.up()

    def live(self) -> dict[str, Any]:
        found = self.api.get(plain(self.engine.state["one"].outputs))
        assert found
        return found

    def patch(self, manager: str, change: dict[str, Any], subresource: str = "") -> None:
        path = self.path() + (f"/{subresource}" if subresource else "")
        media = "application/merge-patch+json" if subresource else "application/strategic-merge-patch+json"
        self.api.call("PATCH", path, change, {"fieldManager": manager}, media)

    def path(self) -> str:
        live = self.live()
        metadata = live["metadata"]
        endpoint = self.api.endpoint(live["apiVersion"], live["kind"])
        return endpoint.path(metadata.get("namespace", ""), metadata["name"])


Start = Callable[[str], Program]


@pytest.fixture
def start(kubernetes: Plugin, cluster_api: Api, namespace: str) -> Iterator[Start]:
    """Starts the program with an object of the given type."""
    programs: list[Program] = []

    def program(type: str) -> Program:
        programs.append(Program(kubernetes, cluster_api, namespace, type))
        return programs[-1]

    yield program
    for one in programs:
        cluster_api.delete(one.live(), "Background")


def contains(live: Any, change: Any) -> bool:
    """Whether an object has the values of a patch."""
    if isinstance(change, Mapping):
        return isinstance(live, Mapping) and all(contains(live.get(key), value) for key, value in change.items())
    if isinstance(change, list):
        return bool(change or not live) and all(any(contains(one, item) for one in live or []) for item in change)
    return live == change


@pytest.mark.parametrize("field", DECLARED)
def test_a_declared_field_that_another_manager_changed_is_a_conflict_until_forced(start: Start, field: str) -> None:
    type, change = DECLARED[field]
    program = start(type)
    program.patch(OTHER, change)
    with pytest.raises(PluginError, match=f'field conflict detected, see [^"]*"[^"]*" had .*conflict with "{OTHER}"'):
        program.next_change()
    assert contains(program.live(), change)
    assert program.live()["metadata"]["labels"]["step"] == "one"
    program.engine.plugin.configure(enablePatchForce="true")
    program.next_change()
    assert not contains(program.live(), change)
    assert program.live()["metadata"]["labels"]["step"] == "two"


@pytest.mark.parametrize("field", ["image", "environment", "network policy", "label of the namespace"])
def test_a_declared_field_that_kubectl_changed_is_taken_back(start: Start, field: str) -> None:
    type, change = DECLARED[field]
    program = start(type)
    program.patch(KUBECTL, change)
    program.next_change()
    assert not contains(program.live(), change)


@pytest.mark.parametrize("field", ADDED)
def test_an_added_field_of_another_manager_is_kept(start: Start, field: str) -> None:
    type, change = ADDED[field]
    program = start(type)
    program.patch(OTHER, change)
    program.next_change()
    assert contains(program.live(), change)


@pytest.mark.parametrize("field", ["environment", "annotation of the pods", "label of the Secret"])
def test_an_added_field_of_kubectl_is_removed(start: Start, field: str) -> None:
    type, change = ADDED[field]
    program = start(type)
    program.patch(KUBECTL, change)
    program.next_change()
    assert not contains(program.live(), change)


@pytest.mark.parametrize("manager", ["kubectl", "kube-controller-manager"])
def test_a_scaled_deployment_is_a_conflict_until_forced(start: Start, manager: str) -> None:
    program = start(DEPLOYMENT)
    program.patch(manager, {"spec": {"replicas": 3}}, "scale")
    with pytest.raises(PluginError, match=f'conflict with "{manager}" with subresource "scale" .*: .spec.replicas'):
        program.next_change()
    program.engine.plugin.configure(enablePatchForce="true")
    program.next_change()
    assert program.live()["spec"]["replicas"] == 0


def test_a_changed_value_of_a_secret_is_replaced_after_a_refresh(start: Start) -> None:
    program = start(SECRET)
    before = program.live()
    program.patch(OTHER, {"data": {"token": base64.b64encode(b"theirs").decode()}})
    program.engine.refresh()
    program.up()
    assert program.live()["metadata"]["name"] != before["metadata"]["name"]
    assert base64.b64decode(program.live()["data"]["token"]) == b"ours"


class TestIgnoredReplicas:
    """`spec.replicas` among the changes that the program ignores."""

    @pytest.fixture
    def program(self, start: Start) -> Program:
        return start(DEPLOYMENT)

    def update(self, program: Program, labels: dict[str, str], preview: bool = False) -> None:
        state, plugin = program.engine.state["one"], program.engine.plugin
        program.declared["metadata"]["labels"].update(labels)
        news = plugin.check(DEPLOYMENT, program.declared, state.inputs)
        changed = plugin.update(state, news, preview=preview, ignore_changes=["spec.replicas"])
        if not preview:
            program.engine.state["one"] = changed

    def test_the_number_of_an_autoscaler_is_kept(self, program: Program) -> None:
        program.patch("kube-controller-manager", {"spec": {"replicas": 3}}, "scale")
        self.update(program, {"step": "two"}, preview=True)
        self.update(program, {"step": "two"})
        live = program.live()
        assert (live["spec"]["replicas"], live["metadata"]["labels"]["step"]) == (3, "two")
        program.patch("kube-controller-manager", {"spec": {"replicas": 4}}, "scale")
        self.update(program, {"step": "three"})
        assert program.live()["spec"]["replicas"] == 4

    def test_the_number_is_kept_before_anyone_has_scaled(self, program: Program) -> None:
        for step in ("two", "three"):
            self.update(program, {"step": step})
            assert program.live()["spec"]["replicas"] == 0

    def test_a_number_that_kubectl_edit_changed_is_kept(self, program: Program) -> None:
        program.patch(KUBECTL, {"spec": {"replicas": 3}})
        self.update(program, {"step": "two"})
        assert program.live()["spec"]["replicas"] == 3

    def test_another_number_in_the_state_is_no_change(self, program: Program) -> None:
        state, plugin = program.engine.state["one"], program.engine.plugin
        program.patch("kubectl", {"spec": {"replicas": 3}}, "scale")
        program.engine.refresh()
        news = plugin.check(DEPLOYMENT, program.declared, state.inputs)
        assert (
            plugin.diff(program.engine.state["one"], news).changes
            != plugin.diff(program.engine.state["one"], news, ignore_changes=["spec.replicas"]).changes
        )
