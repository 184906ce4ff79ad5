"""Error hook of the connector's Deployment: says why its pods do not become ready, with the last line of a log.

The provider's error says that pods are not available, and rarely why: a connector that cannot connect runs on, and only
its log names the reason. An error hook, since it runs only after a failure and may ask the cluster.
"""

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import pulumi

from clients import pod_status
from clients.errors import CheckUnavailable
from clients.reply_shape import documented_shape
from components.exposure.hooks.transformation import Transformation, with_hooks
from components.exposure.kubernetes_provider import kubernetes_api, provider_inputs
from components.naming import pod_labels
from settings.errors import REDACTED
from settings.plain_text import escaped, shortened

if TYPE_CHECKING:
    from clients.kubernetes import KubernetesApi, Object

DEPLOYMENT = "kubernetes:apps/v1:Deployment"
SHOWN = 3
"""Pods that are described."""
LINES = 100
"""Lines of a log that are read from its end."""
PAGE = "docs/troubleshooting.md#1033-cloudflare-tunnel-error"
_ERROR = re.compile(r'\b(ERR|FTL)\b|"level":"(error|fatal)"')
"""A line of cloudflared's log that reports an error, in both of its formats."""
_TOKEN = re.compile(r"eyJ[A-Za-z0-9+/_-]{40,}={0,2}")


def explain_rollout(name: str, opts: pulumi.ResourceOptions | None) -> Transformation:
    """Transformation that gives the Deployment of the exposure `name` the hook; `opts` are the exposure's."""
    try:
        # Here, since the engine cannot be asked for a provider while it waits for a hook.
        provider = provider_inputs(opts)
    except CheckUnavailable:
        provider = None
    hook = pulumi.ErrorHook(f"{name}-explain-rollout", explainer(name, provider))

    def transform(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        if args.type_ != DEPLOYMENT:
            return None
        return with_hooks(args, pulumi.ResourceHookBinding(on_error=[hook]))

    return transform


def explainer(name: str, provider: Mapping[str, Any] | None) -> Callable[[pulumi.ErrorHookArgs], bool]:
    """The function that the hook calls. It never tries the operation again."""

    def explain(args: pulumi.ErrorHookArgs) -> bool:
        if args.failed_operation == "delete" or provider is None:
            return False
        namespace = (args.new_inputs or {})["metadata"]["namespace"]
        try:
            with documented_shape():
                if reason := why_not_ready(kubernetes_api(provider), namespace, name):
                    pulumi.error(reason)
        except CheckUnavailable as error:
            pulumi.debug(f"the pods of {name} cannot be read: {error.reason}")
        return False

    return explain


def why_not_ready(api: "KubernetesApi", namespace: str, name: str) -> str:
    """What the newest pods of the exposure `name` that are not ready say of it; empty if no pod is unready.

    Raises CheckUnavailable if the pods cannot be listed.
    """
    pods = api.items(f"/api/v1/namespaces/{namespace}/pods", pod_labels(name))
    waiting = [pod for pod in pods if not pod_status.is_ready(pod) and not pod["metadata"].get("deletionTimestamp")]
    waiting.sort(key=lambda pod: str(pod["metadata"].get("creationTimestamp")), reverse=True)
    if not waiting:
        return ""
    described = "\n".join(_describe(api, namespace, pod) for pod in waiting[:SHOWN])
    more = f"\n… and {len(waiting) - SHOWN} more" if len(waiting) > SHOWN else ""
    count = f"{len(waiting)} of {len(pods)} pods"
    return f"{count} of Deployment {namespace}/{name}-cloudflared are not ready:\n{described}{more}\nSee {PAGE}"


def _describe(api: "KubernetesApi", namespace: str, pod: "Object") -> str:
    name, phase = pod["metadata"]["name"], (pod.get("status") or {}).get("phase", "Pending")
    state = "; ".join([f"{phase}, {pod_status.restarts(pod)} restarts", *pod_status.reasons(pod)])
    if line := last_line(api, namespace, pod):
        state = f"{state}; last error in its log: {line}"
    elif end := pod_status.last_end(pod):
        state = f"{state}; it last ended with {end}"
    return f"  {name}: {_fit(state)}"


def last_line(api: "KubernetesApi", namespace: str, pod: "Object") -> str:
    """The last line of a pod's log that reports an error, of its current container or else of the one before; the last
    line of all where none does. Empty if there is no log, or it may not be read."""
    for previous in ("false", "true"):
        path = f"/api/v1/namespaces/{namespace}/pods/{pod['metadata']['name']}/log"
        query = {"container": "cloudflared", "previous": previous, "tailLines": str(LINES)}
        try:
            lines = [line for line in api.text("GET", path, query).splitlines() if line.strip()]
        except CheckUnavailable:
            continue
        if errors := [line for line in lines if _ERROR.search(line)]:
            return errors[-1].strip()
        if lines and (previous == "true" or not pod_status.restarts(pod)):
            return lines[-1].strip()
    return ""


def _fit(text: str) -> str:
    return shortened(escaped(_TOKEN.sub(REDACTED, text).replace("\n", " ")), 600)
