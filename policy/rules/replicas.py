"""Rule: a connector is redundant."""

from collections.abc import Iterator

from policy.pods import connector_of
from policy.property_paths import UNKNOWN, get_path
from policy.rule import Options, Rule
from policy.stack import Resource, Stack


def _validate(resource: Resource, _: Stack, options: Options) -> Iterator[str]:
    if resource.kind not in ("Deployment", "ReplicaSet", "StatefulSet") or not connector_of(resource):
        return
    if "spec.replicas" in resource.ignored:  # an autoscaler or a person decides
        return
    replicas = get_path(resource.properties, "spec", "replicas")
    # Kubernetes defaults to one.
    replicas = 1 if replicas is None else replicas
    if replicas is not UNKNOWN and replicas < options["minimum"]:
        yield f"it has {replicas:g} replicas; at least {options['minimum']:g} are required"


REPLICAS = Rule(
    name="connector-is-redundant",
    description="A connector has at least two replicas, so that the loss of a node or an update interrupts no visitor.",
    remedy="Raise `culvert:connector.replicas`.",
    validate=_validate,
    scope="resource",
    options={"minimum": {"type": "number", "default": 2, "description": "Minimum number of replicas."}},
)
