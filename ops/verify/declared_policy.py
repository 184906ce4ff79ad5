"""The network policy that a stack's last update wrote, as its stack file and the Services that it read declare it."""

from typing import Any

from components.exposure import arguments
from components.network_policy.engines import engine_of
from components.network_policy.network_policy import policy_spec
from ops.expected_stack import ExpectedStack
from traffic import Flow, Host, judge

Object = dict[str, Any]


def expected_spec(stack: ExpectedStack) -> Object:
    """The spec of the policy."""
    return policy_spec(arguments.network_policy(stack.updated, stack.name, stack.namespace))


def allows(stack: ExpectedStack, destination: Host, port: int, names: tuple[str, ...] = ()) -> bool:
    """Whether the policy allows a connector's pod this destination over TCP; `names` are the port's."""
    engine = engine_of(stack.settings.network_policy.engine)
    metadata = {"namespace": stack.namespace, "name": stack.name}
    declared = {"apiVersion": engine.api_version, "kind": engine.kind, "metadata": metadata}
    connector = Host("", stack.namespace, tuple(stack.labels.items()))
    return judge(
        Flow(connector, destination, port, port_names=names), [{**declared, "spec": expected_spec(stack)}]
    ).allowed
