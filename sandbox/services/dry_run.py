"""Server-side dry runs of a stack's Kubernetes objects, before the first write.

The settings have the rules of one version of the API server. The cluster's own may have others, as may its admission
webhooks and policies: it rejects an object here, and not after a tunnel exists.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic.alias_generators import to_camel

from sandbox.errors import SandboxError

if TYPE_CHECKING:
    from settings import Settings

_NAMESPACE = "default"
"""An object is validated alike in every namespace, and the stack's own may not exist yet."""
_UNDECIDED = (401, 403, 404, 409, 429, 503, 504)
"""Statuses about this namespace, these credentials or this moment. Any other one is about the object: an unknown field
is a 500."""
_OWN_KEYS = {"labels", "annotations", "matchLabels", "nodeSelector", "volumeAttributes", "requests", "limits"}
"""Fields whose keys are the user's."""


def reject_invalid_objects(kubeconfig: Path, name: str, settings: "Settings") -> None:
    """Raises SandboxError where the API server rejects an object that the settings have a part in."""
    from sandbox.providers.kubernetes.api import Api, KubernetesStatusError

    api = Api(str(kubeconfig))
    for manifest in _objects(name, settings):
        if not api.is_served(manifest):
            continue
        try:
            api.apply(manifest, "culvert-dry-run", force=True, preview=True)
        except KubernetesStatusError as error:
            if error.status not in _UNDECIDED:
                raise SandboxError(
                    f"the Kubernetes API server would reject the stack, so nothing was changed: {error}",
                    key=manifest["kind"],
                    accepted="settings that the API server accepts",
                ) from error


def _objects(name: str, settings: "Settings") -> Iterator[dict[str, Any]]:
    from clients import lazy_sdk

    # Of the SDKs, these modules need types alone; all of both takes seconds to import.
    lazy_sdk.install()
    from components.connector.pod import pod_template
    from components.connector.token_secret import TokenSecret
    from components.exposure import arguments
    from components.naming import pod_labels
    from components.network_policy.engines import engine_of
    from components.network_policy.network_policy import policy_spec

    namespace = settings.namespace_name(name)
    args = arguments.connector(settings, namespace, "token", depends_on=[], replace_with=[])
    template = pod_template(name, TokenSecret(f"{name}-token"), args)
    spec = {"selector": {"match_labels": pod_labels(name)}, "template": template}
    yield _manifest("apps/v1", "Deployment", name, spec)
    policy = arguments.network_policy(settings, name, namespace)
    engine = engine_of(policy.get("engine", ""))
    yield _manifest(engine.api_version, engine.kind, f"{engine.prefix}{name}", policy_spec(policy))


def _manifest(version: str, kind: str, name: str, spec: Any) -> dict[str, Any]:
    metadata = {"name": f"{name}-dry-run", "namespace": _NAMESPACE}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, "spec": _camel_keys(spec)}


def _camel_keys(value: Any) -> Any:
    """A value with its keys in the API's spelling, as the SDK sends it."""
    if isinstance(value, list):
        return [_camel_keys(item) for item in value]
    if not isinstance(value, dict):
        return value
    spelled = {to_camel(key) if "_" in key else key: item for key, item in value.items()}
    return {key: item if key in _OWN_KEYS else _camel_keys(item) for key, item in spelled.items()}
