"""No connector without a network policy that selects it."""

from collections.abc import Iterator

from policy.network_policies import closes, selecting
from policy.pods import connector_of
from policy.rule import Options, Rule
from policy.stack import Resource, Stack


def _judge(resource: Resource, stack: Stack, _: Options) -> Iterator[str]:
    pod = connector_of(resource)
    if pod is None:
        return
    policies = selecting(pod, stack)
    if not policies:
        yield f"no network policy of this stack selects its pods in namespace {pod.namespace}"
        return
    for direction in ("Egress", "Ingress"):
        if not any(closes(policy, direction) for policy in policies):
            yield f"{', '.join(policy.name for policy in policies)} selects its pods and leaves {direction} open"


FENCE = Rule(
    name="connector-is-fenced",
    says="Every connector's pods are selected by a network policy that shuts egress and ingress but for what it names.",
    remedy="Make a NetworkPolicy in the pods' namespace whose podSelector matches the labels of the pods' template and whose "
    "policyTypes are Ingress and Egress; culvert's own component does.",
    judge=_judge,
    when="together",
)
