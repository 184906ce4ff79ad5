"""Whether network policies allow a flow: those of Kubernetes, and those of Calico or Cilium beside them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from policy.network_policies import isolates as resource_isolates
from policy.stack import Resource
from traffic import admin, calico, cilium, kubernetes
from traffic.flow import Flow, Host, Object
from traffic.kinds import engine_of
from traffic.matching import Unsupported

Result = TypeVar("Result")

DIRECTIONS = ("Egress", "Ingress")
_KUBERNETES_ORDER = 1000.0
"""The order that Calico gives Kubernetes' policies within its default tier."""


class _UnsupportedPolicy(Exception):
    """A policy with a field that is not evaluated, on which the verdict depends."""

    def __init__(self, policy: Object, reason: str) -> None:
        super().__init__(reason)
        self.policy = policy


@dataclass(frozen=True)
class Verdict:
    """Whether a flow is allowed; if not, why: the direction that is closed, and the policies that close it."""

    allowed: bool
    direction: str = ""
    policies: tuple[str, ...] = ()
    """`NetworkPolicy web/culvert-prod`: kind, namespace and name."""
    unsupported: str = ""
    """What could not be evaluated, if the flow is closed because of that."""

    def __str__(self) -> str:
        if self.allowed:
            return "the network policies allow it"
        names = " and ".join(self.policies)
        if self.unsupported:
            return f"{names} may allow it as {self.direction.lower()} or not: {self.unsupported}"
        return f"{names} {'allows' if len(self.policies) == 1 else 'allow'} no such {self.direction.lower()}"


def judge(flow: Flow, policies: Iterable[Object]) -> Verdict:
    """The verdict of these policies, each with `apiVersion`, `kind` and, unless it is the whole cluster's,
    `metadata.namespace`.

    A cluster has one engine. Where policies of Calico and of Cilium apply to the same pod, both must allow the flow.
    """
    read = [one for policy in policies for one in _with_one_spec(policy)]
    for direction in DIRECTIONS:
        pod = flow.source if direction == "Egress" else flow.destination
        if not pod.is_pod:
            continue
        try:
            selecting = [policy for policy in read if _selects(policy, pod)]
            own, calicos, ciliums = (
                [policy for policy in selecting if engine_of(policy) == engine]
                for engine in ("kubernetes", "calico", "cilium")
            )
            isolating = [policy for policy in (*own, *calicos, *ciliums) if isolates(policy, direction)]
            for policy in selecting:
                if engine_of(policy) == "admin" and admin.may_decide(policy, direction, bool(isolating)):
                    raise _UnsupportedPolicy(policy, f"the kind {policy['kind']} is not evaluated")
            closing: tuple[Object, ...] = ()
            if ciliums or not calicos:
                closing = _closed_by_cilium(flow, direction, own, ciliums)
            if calicos and not closing:
                closing = _closed_by_calico(flow, direction, own, calicos)
        except _UnsupportedPolicy as error:
            return Verdict(False, direction, (name_of(error.policy),), str(error))
        if closing:
            return Verdict(False, direction, tuple(map(name_of, closing)))
    return Verdict(True)


def selects(policy: Object, pod: Host) -> bool:
    """Whether a policy applies to a pod, or may: its selector cannot be evaluated."""
    try:
        return any(_selects(one, pod) for one in _with_one_spec(policy))
    except _UnsupportedPolicy:
        return True


def isolates(policy: Object, direction: str) -> bool:
    """Whether a policy denies by default in `direction`, `Egress` or `Ingress`."""
    kind = f"kubernetes:{policy['apiVersion']}:{policy['kind']}"
    return any(resource_isolates(Resource(kind, "", one, one), direction) for one in _with_one_spec(policy))


def _closed_by_cilium(
    flow: Flow, direction: str, own: Sequence[Object], others: Sequence[Object]
) -> tuple[Object, ...]:
    """The policies that close a flow in Cilium: they add up, and a denial precedes whatever another one allows.

    Without `others`, this is what Kubernetes' own policies mean in every engine.
    """
    for policy in others:
        if _evaluate(policy, lambda policy=policy: cilium.denies(policy, flow, direction)):
            return (policy,)
    isolating = tuple(policy for policy in (*own, *others) if isolates(policy, direction))
    if not isolating or any(kubernetes.allows(policy, flow, direction) for policy in own):
        return ()
    unsupported: _UnsupportedPolicy | None = None
    for policy in others:
        try:
            if _evaluate(policy, lambda policy=policy: cilium.allows(policy, flow, direction)):
                return ()
        except _UnsupportedPolicy as error:
            unsupported = unsupported or error
    if unsupported:
        raise unsupported
    return isolating


def _closed_by_calico(
    flow: Flow, direction: str, own: Sequence[Object], others: Sequence[Object]
) -> tuple[Object, ...]:
    """The policies that close a flow in Calico: the first rule that matches decides, in the policies' order. If none
    does, the end of the tier denies the flow. Kubernetes' own policies have an order too, and only allow."""
    applying = [policy for policy in (*own, *others) if isolates(policy, direction)]
    for policy in sorted(applying, key=_order):
        if engine_of(policy) == "kubernetes":
            if kubernetes.allows(policy, flow, direction):
                return ()
            continue
        action = _evaluate(policy, lambda policy=policy: calico.action(policy, flow, direction))
        if action:
            # Pass leads to the next tier; the last one is followed by profiles, which allow.
            return (policy,) if action == "Deny" else ()
    return tuple(applying)


def _order(policy: Object) -> tuple[float, str]:
    if engine_of(policy) == "kubernetes":
        # The name under which Calico stores it decides between policies of one order.
        metadata = policy["metadata"]
        return _KUBERNETES_ORDER, f"{metadata['namespace']}/knp.default.{metadata['name']}"
    return calico.order(policy)


def _selects(policy: Object, pod: Host) -> bool:
    module = {"kubernetes": kubernetes, "calico": calico, "cilium": cilium, "admin": admin}[engine_of(policy)]
    return pod.is_pod and _evaluate(policy, lambda: module.selects(policy, pod))


def _evaluate(policy: Object, evaluation: Callable[[], Result]) -> Result:
    try:
        return evaluation()
    except Unsupported as error:
        raise _UnsupportedPolicy(policy, str(error)) from None


def _with_one_spec(policy: Object) -> Iterable[Object]:
    return cilium.specs(policy) if engine_of(policy) == "cilium" else (policy,)


def name_of(policy: Object) -> str:
    """`NetworkPolicy web/culvert-prod`: kind, namespace if it has one, and name."""
    metadata = policy["metadata"]
    return f"{policy['kind']} {'/'.join(filter(None, (metadata.get('namespace'), metadata['name'])))}"
