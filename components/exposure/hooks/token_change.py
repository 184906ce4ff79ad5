"""Hook before the tunnel's secret changes: makes sure that the Deployment will take the new token.

Cloudflare has one secret for a tunnel, and connectors with the old token cannot reconnect once it has another. If the
update of the Deployment then failed, its pods would run on until the first restart, and stay down. So the API server is
asked first, by a dry run of that update (docs/decisions/token-change-after-dry-run.md).
"""

import os
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

import pulumi

from clients.errors import CheckUnavailable, KubernetesApiError
from components.connector.args import ConnectorArgs
from components.connector.deployment import dry_run_manifest
from components.exposure.kubernetes_provider import kubernetes_api, provider_inputs

if TYPE_CHECKING:
    from clients.kubernetes import KubernetesApi, Object

CREATORS = ("pulumi-kubernetes", "pulumi-resource-kubernetes", "pulumi-kubernetes.exe")
"""Managers of the fields of an object that the provider created and has not updated yet."""
CONFLICT = re.compile(r'conflicts? (with "([^"]+)"[^:]*:(?: \S+|(?:\n- \S+)+))')
REMEDY = (
    "`PULUMI_K8S_ENABLE_PATCH_FORCE=true` in the environment of one `pulumi up` takes these fields back; "
    "`culvert:connector: {replicas: external}` leaves the number of pods to others"
)


class TokenRefused(Exception):
    """The Deployment would not take a new token; the message says why and what to do."""


def check_token_change(name: str, args: ConnectorArgs, opts: pulumi.ResourceOptions | None) -> pulumi.ResourceHook:
    """The hook for the tunnel of the exposure `name` with the options `opts`, called before an update of it. `args` are
    the connector's, all of them plain values."""
    return pulumi.ResourceHook(f"{name}-check-token-change", checker(name, args, opts))


def checker(
    name: str, args: ConnectorArgs, opts: pulumi.ResourceOptions | None
) -> Callable[[pulumi.ResourceHookArgs], Awaitable[None]]:
    """The function that the hook calls. Raises TokenRefused, which stops the engine before it updates the tunnel."""
    provider: Mapping[str, Any] | CheckUnavailable
    try:
        # Here, since the engine cannot be asked for a provider while it waits for a hook.
        provider = provider_inputs(opts)
    except CheckUnavailable as error:
        provider = error

    async def check(hook: pulumi.ResourceHookArgs) -> None:
        old, new = [
            await pulumi.Output.from_input((inputs or {}).get("tunnelSecret")).future()
            for inputs in (hook.old_inputs, hook.new_inputs)
        ]
        if old == new:
            return
        manifest = await dry_run_manifest(name, args)
        try:
            if isinstance(provider, CheckUnavailable):
                raise provider
            require_acceptance(kubernetes_api(provider), manifest, force=forces(provider))
        except CheckUnavailable as error:
            raise TokenRefused(_message(manifest, error.reason, error.remedy)) from None

    return check


def forces(provider: Mapping[str, Any]) -> bool:
    """Whether the provider takes over fields that others manage: by its option, else by the environment."""
    option = provider.get("enablePatchForce")
    return str(option if option is not None else os.environ.get("PULUMI_K8S_ENABLE_PATCH_FORCE")).lower() == "true"


def require_acceptance(api: "KubernetesApi", manifest: dict[str, Any], force: bool) -> None:
    """Returns if the API server would take the Deployment `manifest`, or has none, whose pods would need a token.

    Raises TokenRefused for a field of another manager, CheckUnavailable for every other refusal.
    """
    metadata = manifest["metadata"]
    path = f"/apis/apps/v1/namespaces/{metadata['namespace']}/deployments/{metadata['name']}"
    live = api.find(path)
    if live is None:
        return
    manager = _manager(live)
    try:
        api.dry_run_apply(path, manifest, manager, force)
    except KubernetesApiError as error:
        if error.status != 409:
            raise
        if foreign := [text for text, owner in CONFLICT.findall(error.reason) if owner not in CREATORS]:
            raise TokenRefused(_message(manifest, f"conflict {'; '.join(foreign)}", REMEDY)) from None
        # The first update takes over the fields of the creation.
        api.dry_run_apply(path, manifest, manager, force=True)


def _manager(live: "Object") -> str:
    """The Deployment's own manager, which each update of the provider uses: it owns the selector."""
    owners = live["metadata"].get("managedFields") or []
    return next(
        (
            owner["manager"]
            for owner in owners
            if owner["operation"] == "Apply" and "f:selector" in (owner.get("fieldsV1") or {}).get("f:spec", {})
        ),
        f"{CREATORS[0]}-dry-run",
    )


def _message(manifest: Mapping[str, Any], reason: str, remedy: str) -> str:
    metadata = manifest["metadata"]
    return (
        f"the tunnel keeps its secret, because Deployment {metadata['namespace']}/{metadata['name']} may not take the "
        f"new token: {reason}{f'. What to do: {remedy}' if remedy else ''}"
    )
