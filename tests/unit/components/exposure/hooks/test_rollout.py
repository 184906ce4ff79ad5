"""The error hook of the Deployment: what it says of pods that do not become ready."""

from collections.abc import Mapping
from typing import Any

import pulumi
import pytest

from clients.errors import ApiUnreachable
from clients.kubernetes import KubernetesApi
from components.exposure import Exposure, exposure
from components.exposure.hooks import rollout
from components.exposure.hooks.rollout import DEPLOYMENT, LINES, PAGE, explain_rollout, explainer, why_not_ready
from settings.errors import REDACTED
from tests.support.kubernetes_server import kubernetes_server
from tests.support.mock_recorder import Deploy
from tests.support.setting_diff import BASE
from tests.support.settings_examples import TOKEN
from tests.support.snapshot import assert_message_matches

NAME = "culvert-dev"
PODS = "/api/v1/namespaces/web/pods"
SELECTED = f"{PODS}?labelSelector=app.kubernetes.io/name%3Dcloudflared%2Capp.kubernetes.io/instance%3Dculvert-dev"
REGISTER = (
    '2026-11-28T20:00:01Z ERR Register tunnel error from server side error="Unauthorized: Invalid tunnel secret" '
    "connIndex=0"
)
RETRY = "2026-11-28T20:00:02Z INF Retrying connection in up to 4s connIndex=0"
AS_JSON = '{"level":"error","event":0,"time":"2026-11-28T20:00:01Z","message":"Unable to reach the edge"}'


def pod(name: str, ready: bool = False, created: str = "2026-11-28T20:00:00Z", **status: Any) -> dict[str, Any]:
    conditions = [{"type": "Ready", "status": str(ready)}]
    return {
        "metadata": {"name": name, "creationTimestamp": created},
        "status": {"phase": "Running", "conditions": conditions, **status},
    }


def container(restarts: int = 0, **more: Any) -> dict[str, Any]:
    return {"name": "cloudflared", "ready": False, "restartCount": restarts, **more}


def log(name: str, previous: bool = False) -> str:
    return f"{PODS}/{name}/log?container=cloudflared&previous={str(previous).lower()}&tailLines={LINES}"


def why(pods: list[dict[str, Any]], logs: Mapping[str, str | int]) -> str:
    with kubernetes_server({SELECTED: {"items": pods}, **logs}) as server:
        found = why_not_ready(KubernetesApi(server.kubeconfig()), "web", NAME)
    assert_message_matches(found)
    return found


@pytest.mark.parametrize("line", [REGISTER, AS_JSON])
def test_the_last_error_in_the_log_is_named_with_pod_and_page(line: str) -> None:
    found = why([pod("a", containerStatuses=[container(2)])], {log("a"): f"INF Starting\n{line}\n{RETRY}\n\n"})
    assert found.splitlines() == [
        "1 of 1 pods of Deployment web/culvert-dev-cloudflared are not ready:",
        f"  a: Running, 2 restarts; last error in its log: {line}",
        f"See {PAGE}",
    ]


def test_a_log_without_an_error_is_shown_by_its_last_line() -> None:
    assert RETRY in why([pod("a")], {log("a"): f"INF Starting\n{RETRY}\n"})


def test_of_a_container_that_restarts_the_log_of_the_one_before_is_read() -> None:
    waiting = {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 40s restarting failed container"}}
    crashed = pod("a", containerStatuses=[container(3, state=waiting)])
    found = why([crashed], {log("a"): "INF Starting\n", log("a", previous=True): "Provided Tunnel token is not valid."})
    assert "CrashLoopBackOff: back-off 40s restarting failed container" in found
    sidecar = container(1, ready=True, state={"waiting": {"reason": "Unknown"}})
    again = pod("a", containerStatuses=[sidecar, container(3, state={"terminated": {"message": "bye"}})])
    assert "a: Running, 4 restarts; bye; last error" in why([again], {log("a"): REGISTER})
    assert "last error in its log: Provided Tunnel token is not valid." in found


def test_where_the_log_of_a_container_may_not_be_read_that_of_the_one_before_is() -> None:
    found = why([pod("a", containerStatuses=[container(1)])], {log("a"): 403, log("a", True): REGISTER})
    assert f"last error in its log: {REGISTER}" in found


def test_a_reason_of_several_lines_is_one() -> None:
    waiting = {"waiting": {"reason": "CreateContainerConfigError", "message": "no\nsecret"}}
    assert "CreateContainerConfigError: no secret" in why([pod("a", containerStatuses=[container(state=waiting)])], {})


def test_where_logs_may_not_be_read_the_status_says_how_the_container_ended() -> None:
    ended = {"terminated": {"reason": "Error", "message": "no token", "exitCode": 1}}
    found = why([pod("a", containerStatuses=[container(1, lastState=ended)])], {log("a"): 403, log("a", True): 403})
    assert "Running, 1 restarts; it last ended with Error: no token" in found


def test_a_pod_that_no_node_takes_is_named_with_the_reason() -> None:
    conditions = [{"type": "PodScheduled", "status": "False", "message": "0/3 nodes are available"}]
    assert "a: Pending, 0 restarts; not scheduled: 0/3 nodes are available" in why(
        [pod("a", phase="Pending", conditions=conditions)], {}
    )
    conditions = [{"type": "PodScheduled", "status": "False", "reason": "SchedulerError"}]
    assert "; not scheduled: SchedulerError" in why([pod("a", phase="Pending", conditions=conditions)], {})
    assert "a: Pending, 0 restarts\n" in why([{"metadata": {"name": "a"}}], {})


def test_the_newest_pods_are_described_and_the_others_counted() -> None:
    pods = [pod(str(number), created=f"2026-11-28T20:00:0{number}Z") for number in range(5)]
    assert "more" not in why(pods[:3], {})
    leaving = pod("leaving")
    leaving["metadata"]["deletionTimestamp"] = "2026-11-28T20:00:09Z"
    assert why([leaving], {}) == ""
    lines = why([*pods, pod("ready", ready=True)], {}).splitlines()
    assert lines[0].startswith("5 of 6 pods of Deployment")
    assert [line.strip()[0] for line in lines[1:4]] == ["4", "3", "2"]
    assert lines[4] == "… and 2 more"


def test_a_log_can_neither_act_on_the_terminal_nor_show_a_token() -> None:
    found = why([pod("a")], {log("a"): f"ERR \x1b[2J {TOKEN} {'x' * 2000}\n"})
    assert "\x1b" not in found
    assert TOKEN not in found
    assert REDACTED in found
    assert len(found) < 1000


def test_where_every_pod_is_ready_nothing_is_said() -> None:
    assert why([pod("a", ready=True)], {}) == ""


def failed(operation: str = "update") -> pulumi.ErrorHookArgs:
    inputs: dict[str, Any] = {"metadata": {"namespace": "web"}}
    return pulumi.ErrorHookArgs("urn", "id", NAME, "", new_inputs=inputs, failed_operation=operation, errors=["…"])


@pytest.mark.parametrize(
    ("operation", "status", "said"), [("create", 200, 1), ("update", 200, 1), ("delete", 200, 0), ("update", 403, 0)]
)
def test_the_hook_says_it_as_an_error_and_tries_nothing_again(
    operation: str, status: int, said: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    errors: list[str] = []
    details: list[str] = []
    monkeypatch.setattr(pulumi, "error", errors.append)
    monkeypatch.setattr(pulumi, "debug", details.append)
    listed = {"items": [pod("a")]} if status == 200 else status
    with kubernetes_server({SELECTED: listed, log("a"): f"{REGISTER}\n"}) as server:
        assert explainer(NAME, {"kubeconfig": server.kubeconfig()})(failed(operation)) is False
    assert len(errors) == said
    assert all(REGISTER in each for each in errors)
    assert [each.partition(": ")[0] for each in details] == ["the pods of culvert-dev cannot be read"] * (status == 403)


@pytest.mark.parametrize("known", [True, False])
def test_a_deployment_alone_gets_the_hook_which_asks_the_cluster_of_the_provider(
    deploy: Deploy, monkeypatch: pytest.MonkeyPatch, known: bool
) -> None:
    errors: list[str] = []
    hooks: list[Any] = []
    options = pulumi.ResourceOptions()

    with kubernetes_server({SELECTED: {"items": [pod("a")]}, log("a"): f"{REGISTER}\n"}) as server:

        def inputs(given: pulumi.ResourceOptions | None) -> dict[str, Any]:
            assert given is options
            if not known:
                raise ApiUnreachable("the provider's kubeconfig is not known yet")
            return {"kubeconfig": server.kubeconfig()}

        def program() -> None:
            resource: Any = None
            transform = explain_rollout(NAME, options)
            for type_ in (DEPLOYMENT, "kubernetes:core/v1:Service"):
                args = pulumi.ResourceTransformationArgs(resource, type_, "x", {}, pulumi.ResourceOptions())
                hooks.append((found := transform(args)) and found.opts.hooks)

        monkeypatch.setattr(rollout, "provider_inputs", inputs)
        monkeypatch.setattr(pulumi, "error", errors.append)
        monkeypatch.setattr(pulumi, "debug", errors.append)
        deploy(program)
        (hook,) = hooks[0].on_error
        assert (hook.name, hooks[1]) == ("culvert-dev-explain-rollout", None)
        assert hook.callback(failed()) is False
    assert [REGISTER in each for each in errors] == [True] * known


def test_an_exposure_has_the_cluster_of_its_own_provider_asked(deploy: Deploy, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[Any] = []
    options = pulumi.ResourceOptions()
    monkeypatch.setattr(exposure, "explain_rollout", lambda *args: given.append(args) or (lambda _: None))
    deploy(lambda: Exposure(NAME, BASE, options))
    assert given == [(NAME, options)]
