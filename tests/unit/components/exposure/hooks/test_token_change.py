"""The hook before the tunnel's secret changes: when it asks the API server, and what stops the engine."""

import asyncio
from typing import Any

import pulumi
import pytest

from clients.errors import ApiUnreachable, CheckUnavailable, KubernetesApiError
from components import Connector
from components.connector.deployment import dry_run_manifest
from components.exposure import Exposure, exposure
from components.exposure.hooks import token_change
from components.exposure.hooks.token_change import TokenRefused, check_token_change, checker
from tests.support.mock_recorder import Deploy
from tests.support.setting_diff import BASE

NAME = "culvert-dev"
ARGS: Any = {"namespace": "blog", "token": ""}
PATH = "/apis/apps/v1/namespaces/blog/deployments/culvert-dev-cloudflared"
MANAGER = "pulumi-kubernetes-1a2b3c4d"
SELECTOR = {"f:spec": {"f:selector": {}}}
LIVE = {
    "metadata": {
        "managedFields": [
            {"manager": "pulumi-kubernetes-ffffffff", "operation": "Apply", "fieldsV1": {"f:metadata": {}}},
            {"manager": MANAGER, "operation": "Apply", "fieldsV1": SELECTOR},
            {"manager": "kubectl", "operation": "Update", "subresource": "scale", "fieldsV1": SELECTOR},
        ]
    }
}
SCALED = 'conflict with "kubectl" with subresource "scale" using apps/v1: .spec.replicas'
CREATED = 'conflicts with "pulumi-kubernetes" using apps/v1:\n- .spec.template.spec.volumes\n- .spec.replicas'


class Cluster:
    """An API server with one Deployment, and its answers to dry runs: an error, or None."""

    def __init__(self, live: Any = LIVE, *answers: CheckUnavailable | None) -> None:
        self.live = live
        self.answers = list(answers)
        self.applied: list[tuple[str, bool]] = []
        self.manifests: list[Any] = []

    def find(self, path: str) -> Any:
        assert path == PATH
        return self.live

    def dry_run_apply(self, path: str, body: Any, manager: str, force: bool) -> None:
        assert path == PATH
        self.applied.append((manager, force))
        self.manifests.append(body)
        if self.answers and (answer := self.answers.pop(0)):
            raise answer


def conflict(*conflicts: str) -> KubernetesApiError:
    message = "\n".join(conflicts)
    return KubernetesApiError(409, f"the API server refused PATCH …: HTTP 409, Apply failed: {message}")


@pytest.fixture(autouse=True)
def _without_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PULUMI_K8S_ENABLE_PATCH_FORCE", raising=False)


def run(monkeypatch: pytest.MonkeyPatch, cluster: Cluster, old: str = "one", new: str = "two", **provider: Any) -> None:
    """Calls the hook as the engine does before it changes the tunnel's secret."""

    options = pulumi.ResourceOptions()

    def inputs(given: pulumi.ResourceOptions | None) -> dict[str, Any]:
        assert given is options
        return provider

    def api(given: dict[str, Any]) -> Cluster:
        assert given is provider
        return cluster

    async def call() -> None:
        monkeypatch.setattr(token_change, "provider_inputs", inputs)
        monkeypatch.setattr(token_change, "kubernetes_api", api)
        old_inputs, new_inputs = ({"tunnelSecret": pulumi.Output.secret(text)} for text in (old, new))
        hook = pulumi.ResourceHookArgs("urn", "id", "tunnel", "", old_inputs=old_inputs, new_inputs=new_inputs)
        await checker(NAME, ARGS, options)(hook)

    asyncio.run(call())
    assert all(body["metadata"]["name"] == "culvert-dev-cloudflared" for body in cluster.manifests)


def test_another_change_of_the_tunnel_asks_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = Cluster()
    run(monkeypatch, cluster, "one", "one")
    assert cluster.applied == []


def test_a_deployment_that_takes_the_token_is_applied_without_force_by_its_own_manager(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cluster = Cluster()
    run(monkeypatch, cluster)
    assert cluster.applied == [(MANAGER, False)]


def test_without_a_deployment_no_pod_needs_a_token(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = Cluster(None)
    run(monkeypatch, cluster)
    assert cluster.applied == []


def test_a_conflict_names_field_manager_and_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(TokenRefused) as refused:
        run(monkeypatch, Cluster(LIVE, conflict(CREATED, SCALED)))
    assert str(refused.value) == (
        "the tunnel keeps its secret, because Deployment blog/culvert-dev-cloudflared may not take the new token: "
        f"{SCALED}. What to do: `PULUMI_K8S_ENABLE_PATCH_FORCE=true` in the environment of one `pulumi up` takes these "
        "fields back; `culvert:connector: {replicas: external}` leaves the number of pods to others"
    )


def test_every_conflict_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(TokenRefused) as refused:
        run(monkeypatch, Cluster(LIVE, conflict(SCALED, 'conflict with "argocd" using apps/v1: .spec.paused')))
    assert f'may not take the new token: {SCALED}; with "argocd" using apps/v1: .spec.paused. What' in str(
        refused.value
    )


def test_the_hook_is_named_after_the_exposure_and_checks_its_connector(
    deploy: Deploy, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[Any] = []
    options, hooks = pulumi.ResourceOptions(), []
    monkeypatch.setattr(token_change, "checker", lambda *args: given.append(args) or print)
    deploy(lambda: hooks.append(check_token_change(NAME, ARGS, options)))
    assert [(hook.name, hook.callback) for hook in hooks] == [("culvert-dev-check-token-change", print)]
    assert given == [(NAME, ARGS, options)]


def test_an_exposure_has_its_own_connector_checked(deploy: Deploy, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[Any] = []
    options = pulumi.ResourceOptions()

    def check(*args: Any) -> pulumi.ResourceHook:
        given.append(args)
        return pulumi.ResourceHook("check", lambda _: None)

    monkeypatch.setattr(exposure, "check_token_change", check)
    recorded = deploy(lambda: Exposure(NAME, BASE, options))
    assert recorded.one("ZeroTrustTunnelCloudflared").before_update == {"check"}
    ((name, args, opts),) = given
    assert (name, args["namespace"], args["token"], opts) == (NAME, "blog", "", options)


def test_conflicts_with_the_creation_are_resolved_by_the_first_update(monkeypatch: pytest.MonkeyPatch) -> None:
    created = {"metadata": {"managedFields": [{"manager": "pulumi-kubernetes", "operation": "Update"}]}}
    cluster = Cluster(created, conflict(CREATED))
    run(monkeypatch, cluster)
    assert cluster.applied == [("pulumi-kubernetes-dry-run", False), ("pulumi-kubernetes-dry-run", True)]
    with pytest.raises(TokenRefused, match=r"HTTP 403, exceeded quota"):
        run(monkeypatch, Cluster(created, conflict(CREATED), KubernetesApiError(403, "HTTP 403, exceeded quota")))


@pytest.mark.parametrize(
    "error", [ApiUnreachable("no answer", "check it"), KubernetesApiError(422, "HTTP 422, invalid", "check it")]
)
def test_every_other_refusal_stops_the_change_too(monkeypatch: pytest.MonkeyPatch, error: CheckUnavailable) -> None:
    with pytest.raises(TokenRefused, match=rf"may not take the new token: {error.reason}\. What to do: check it$"):
        run(monkeypatch, Cluster(LIVE, error))


def test_a_provider_that_is_not_known_stops_the_change_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(_: Any) -> Any:
        raise ApiUnreachable("the provider's kubeconfig is not known yet")

    async def call(new: str) -> None:
        monkeypatch.setattr(token_change, "provider_inputs", unknown)
        inputs = {"tunnelSecret": "one"}, {"tunnelSecret": new}
        hook = pulumi.ResourceHookArgs("urn", "id", "tunnel", "", old_inputs=inputs[0], new_inputs=inputs[1])
        await checker(NAME, ARGS, None)(hook)

    asyncio.run(call("one"))
    with pytest.raises(TokenRefused, match=r"kubeconfig is not known yet$"):
        asyncio.run(call("two"))


@pytest.mark.parametrize(
    ("option", "variable", "forced"),
    [
        (None, "true", True),
        (None, "1", False),
        ("true", "", True),
        (True, "", True),
        ("false", "true", False),
        (None, "", False),
    ],
)
def test_fields_are_taken_back_where_the_provider_takes_them_back(
    monkeypatch: pytest.MonkeyPatch, option: Any, variable: str, forced: bool
) -> None:
    monkeypatch.setenv("PULUMI_K8S_ENABLE_PATCH_FORCE", variable)
    cluster = Cluster()
    run(monkeypatch, cluster, enablePatchForce=option)
    assert cluster.applied == [(MANAGER, forced)]


@pytest.mark.parametrize(
    ("delivery", "secret", "mark"),
    [
        ({}, "dry-run", None),
        ({"secret": {"name": "tunnel-token"}}, "tunnel-token", "dry-run"),
        ({"secret": {"name": "tunnel-token", "key": "TOKEN"}}, "tunnel-token", "dry-run"),
    ],
)
def test_the_dry_run_differs_from_the_update_in_the_secret_alone(
    deploy: Deploy, delivery: dict[str, Any], secret: str, mark: str | None
) -> None:
    args: Any = {**ARGS, "token": "t", "token_delivery": delivery, "pod_labels": {"my_label": "x"}, "replicas": 3}
    registered = deploy(lambda: Connector(NAME, args)).one("Deployment").inputs
    manifests: list[Any] = []
    deploy(lambda: pulumi.Output.from_input(dry_run_manifest(NAME, args)).apply(manifests.append))
    (manifest,) = manifests
    secrets: list[tuple[str, str | None]] = []
    for found in (registered, manifest):
        template = found["spec"]["template"]
        name = template["spec"]["volumes"][0]["secret"].pop("secretName")
        secrets.append((name, template["metadata"].get("annotations", {}).pop("culvert/token", None)))
    assert secrets[0] != secrets[1] == (secret, mark)
    assert manifest == {"apiVersion": "apps/v1", "kind": "Deployment", **registered}
    assert isinstance(manifest["spec"]["replicas"], int)


def test_the_dry_run_leaves_external_replicas_out() -> None:
    args: Any = {**ARGS, "external_replicas": True}
    manifest = asyncio.run(dry_run_manifest(NAME, args))
    assert "replicas" not in manifest["spec"]
