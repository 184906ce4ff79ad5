"""The connector's Deployment: its inputs, and the object that they become."""

from typing import TYPE_CHECKING, Any, TypedDict

from google.protobuf import json_format
from pulumi.runtime import rpc

from components.connector.args import ConnectorArgs
from components.connector.pod import DEFAULTS, pod_template
from components.connector.token_secret import TokenSecret, placeholder
from components.naming import common_labels_with, owner_annotation, pod_labels

if TYPE_CHECKING:
    from pulumi_kubernetes.apps.v1 import DeploymentSpecArgsDict
    from pulumi_kubernetes.meta.v1 import ObjectMetaArgsDict


class DeploymentInputs(TypedDict):
    metadata: "ObjectMetaArgsDict"
    spec: "DeploymentSpecArgsDict"


def deployment(name: str, token: TokenSecret, args: ConnectorArgs) -> DeploymentInputs:
    """Inputs of the Deployment of the connector `name`, whose pods mount the Secret `token`."""
    labels = common_labels_with(pod_labels(name))
    return {
        "metadata": {
            "name": f"{name}-cloudflared",
            "namespace": args["namespace"],
            "labels": labels,
            "annotations": owner_annotation(),
        },
        "spec": {
            "replicas": args.get("replicas", DEFAULTS.initial_replicas),
            "selector": {"match_labels": pod_labels(name)},
            "min_ready_seconds": args.get("min_ready_seconds", DEFAULTS.min_ready_seconds),
            # During a rollout, never fewer ready pods than `replicas`.
            "strategy": {"type": "RollingUpdate", "rolling_update": {"max_unavailable": 0, "max_surge": 1}},
            "template": pod_template(name, token, args),
        },
    }


async def dry_run_manifest(name: str, args: ConnectorArgs) -> dict[str, Any]:
    """The Deployment in Kubernetes' own spelling, as an update with a new token applies it.

    The Secret is a placeholder, since the new one does not exist yet. External replicas are left out.
    """
    from pulumi_kubernetes.apps.v1 import DeploymentInitArgs

    inputs: Any = deployment(name, placeholder(args), args)
    # As the SDK sends a resource's inputs to the engine.
    message = await rpc.serialize_properties(inputs, {}, typ=DeploymentInitArgs)
    manifest = {"apiVersion": "apps/v1", "kind": "Deployment", **_with_integers(json_format.MessageToDict(message))}
    if args.get("external_replicas"):
        del manifest["spec"]["replicas"]
    return manifest


def _with_integers(value: Any) -> Any:
    """`value` with whole numbers as integers: a protobuf Struct has floats only, which the API server refuses."""
    if isinstance(value, dict):
        return {key: _with_integers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_integers(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
