"""Rule: a network policy selects every connector pod."""

from collections.abc import Iterator

from policy.network_policies import isolates, selecting
from policy.pods import connector_of
from policy.rule import Options, Rule
from policy.stack import Resource, Stack


def _validate(resource: Resource, stack: Stack, _: Options) -> Iterator[str]:
    pod = connector_of(resource)
    if pod is None:
        return
    policies = selecting(pod, stack)
    if not policies:
        yield f"no network policy of this stack selects its pods in namespace {pod.namespace}"
        return
    for direction in ("Egress", "Ingress"):
        if not any(isolates(policy, direction) for policy in policies):
            yield f"{', '.join(policy.name for policy in policies)} selects its pods but does not restrict {direction}"


CONNECTOR_ISOLATION = Rule(
    name="connector-has-network-policy",
    description="A network policy that restricts both egress and ingress selects every connector's pods.",
    remedy="Create a NetworkPolicy in the pods' namespace, with policyTypes Ingress and Egress and a podSelector that "
    "matches the labels of the pod template. culvert's component NetworkPolicy does.",
    validate=_validate,
    scope="stack",
)
