"""At least two connectors."""

from collections.abc import Iterator

from policy.pods import connector_of
from policy.property_paths import UNKNOWN, at
from policy.rule import Options, Rule
from policy.stack import Resource, Stack


def _judge(resource: Resource, _: Stack, options: Options) -> Iterator[str]:
    if resource.kind not in ("Deployment", "ReplicaSet", "StatefulSet") or not connector_of(resource):
        return
    replicas = at(resource.properties, "spec", "replicas")
    # Left out, Kubernetes makes it one.
    replicas = 1 if replicas is None else replicas
    if replicas is not UNKNOWN and replicas < options["minimum"]:
        yield f"it has {replicas:g} of at least {options['minimum']:g} replicas"


REPLICAS = Rule(
    name="connector-has-a-second",
    says="A connector has at least two replicas, so that one may go, with its node or in an update, and visitors notice nothing.",
    remedy="Raise culvert:connector.replicas.",
    judge=_judge,
    when="alone",
    options={"minimum": {"type": "number", "default": 2, "description": "Fewest replicas."}},
)
