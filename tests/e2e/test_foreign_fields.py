"""A Deployment that an autoscaler scales: no token change that it would not take, fields taken back, and kept."""

from collections.abc import Mapping
from typing import Any

from tests.e2e.conftest import ACCOUNT, Sandbox, settings
from tests.e2e.test_token import mounted_token

STACK = "scaled"
NAME = f"culvert-{STACK}-cloudflared"


def scale(sandbox: Sandbox, replicas: int) -> None:
    """As the autoscaler does it, and as `kubectl scale` under another name."""
    deployments = sandbox.cluster().resources.get(api_version="apps/v1", kind="Deployment")
    deployments.subresources["scale"].patch(
        {"spec": {"replicas": replicas}},
        name=NAME,
        namespace=STACK,
        field_manager="kube-controller-manager",
        content_type="application/merge-patch+json",
    )


def replicas(sandbox: Sandbox) -> int:
    (deployment,) = sandbox.objects("apps/v1", "Deployment", STACK)
    return deployment["spec"]["replicas"]


def valid_token(sandbox: Sandbox) -> str:
    (tunnel,) = (each for each in sandbox.state()["tunnels"] if each["name"] == f"culvert-{STACK}")
    return sandbox.api("GET", f"/accounts/{ACCOUNT}/cfd_tunnel/{tunnel['id']}/token")


def up(sandbox: Sandbox, *, fails: bool = False, connector: Mapping[str, Any] | None = None, **more: Any) -> Any:
    # The pods are ready at once: no rollout of this test waits for the edge.
    more["connector"] = {"minReadySeconds": 0, **(connector or {})}
    file = sandbox.stack_file(STACK, settings(STACK, **more))
    return sandbox.run("up", "--stack", STACK, "--config", str(file), fails=fails)


def works(sandbox: Sandbox) -> bool:
    """Whether the token that the pods mount is the tunnel's."""
    return mounted_token(sandbox, STACK, other_than="") == valid_token(sandbox)


def test_a_scaled_deployment_keeps_a_working_token_and_its_number_if_it_is_external(sandbox: Sandbox) -> None:
    up(sandbox)
    for epoch in (1, 2):
        # Before the Deployment's first update, and after it: the provider's fields have another manager then.
        scale(sandbox, 3)
        assert works(sandbox)
        token, before = {"epoch": epoch}, valid_token(sandbox)
        sandbox.calls()
        failed = up(sandbox, token=token, fails=True)
        assert not [call for call in sandbox.calls() if call["method"] != "GET"]
        assert works(sandbox)
        assert valid_token(sandbox) == before
        (error,) = [error for error in failed["errors"] if "keeps its secret" in error["message"]]
        assert "kube-controller-manager" in error["message"]
        assert ".spec.replicas" in error["message"]
        assert "pulumi-kubernetes" not in error["message"]
        assert "PULUMI_K8S_ENABLE_PATCH_FORCE=true" in error["accepted"]

        sandbox.env["PULUMI_K8S_ENABLE_PATCH_FORCE"] = "true"
        try:
            up(sandbox, token=token)
        finally:
            del sandbox.env["PULUMI_K8S_ENABLE_PATCH_FORCE"]
        assert works(sandbox)
        assert valid_token(sandbox) != before
        assert replicas(sandbox) == 2

    scale(sandbox, 3)
    failed = up(sandbox, token=token, connector={"logLevel": "warn"}, fails=True)
    assert "PULUMI_K8S_ENABLE_PATCH_FORCE=true" in failed["errors"][0]["accepted"]
    up(sandbox, token={"epoch": 3}, connector={"replicas": "external", "logLevel": "warn"})
    assert works(sandbox)
    assert replicas(sandbox) == 3
    scale(sandbox, 1)
    assert up(sandbox, token={"epoch": 3}, connector={"replicas": "external", "logLevel": "warn"})["changes"] == []
    up(sandbox, token={"epoch": 3}, connector={"replicas": "external", "logLevel": "error"})
    assert replicas(sandbox) == 1
    sandbox.destroy(STACK)
