"""Check of the Services that routes name: the network policy follows from what they are today."""

from collections.abc import Iterable
from dataclasses import dataclass

from clients.errors import CheckUnavailable
from clients.kubernetes import KubernetesApi, Object
from components.exposure import arguments
from components.exposure.cluster_services import read_service
from components.network_policy.network_policy import policy_spec
from ops.expected_stack import ExpectedStack
from ops.verify.checks.network_policy import is_own, rules_of
from ops.verify.faults import network as faults
from ops.verify.result import Check, CheckResult
from settings import KubernetesService, Settings, SettingsError, describe

SERVICES = Check("cluster", "services")
_IMPACT = "502 for {}"


def follow_services(api: KubernetesApi, stack: ExpectedStack, policies: Iterable[Object]) -> list[CheckResult]:
    """One result for each Service that the network policy depends on; `policies` are those of the stack's namespace."""
    wanted = stack.settings.services_to_read(stack.namespace)
    own = [policy for policy in policies if is_own(policy, stack.name)]
    if not own:
        return [SERVICES.skipped(stack.name, "the stack has no policy in this namespace")] if wanted else []
    present = {rule for policy in own for rule in rules_of(policy["spec"], "egress")}
    results = []
    for key, (namespace, name) in wanted.items():
        try:
            found = read_service(api, namespace, name)
        except CheckUnavailable as error:
            results.append(SERVICES.unavailable(key, error))
        else:
            results.append(_judge(stack, key, found, present))
    return results


@dataclass(frozen=True)
class Reading:
    """A Service that its routes can use: where it leads, and the settings of these routes alone, with it and without
    any."""

    leads_to: str
    impact: str
    today: Settings
    without: Settings


def reading(check: Check, stack: ExpectedStack, key: str, found: KubernetesService | str) -> Reading | CheckResult:
    """What the routes' Service of the key `namespace/name` is to them, or the result of `check` where that is no
    use."""
    routes = tuple(route for route in stack.settings.routes if key in _services_of(stack, route))
    impact = _IMPACT.format(", ".join(dict.fromkeys(route.hostname for route in routes)))
    # Without other routes and Access, whose rules would be among the differences.
    own = stack.settings.model_copy(
        update={"routes": tuple(route.model_copy(update={"access": None}) for route in routes)}
    )
    without = own.model_copy(update={"routes": ()})
    if all(route.origin.external for route in routes) and isinstance(found, str):
        return check.skipped(key, f"the Service {found}: the name is a DNS name outside the cluster")
    if isinstance(found, str):
        namespace, name = stack.settings.services_to_read(stack.namespace)[key]
        named = {"service_namespace": namespace, "service": name}
        return check.finds(key, f"the Service {found}", faults.SERVICE_MISSING, impact=impact, **named)
    try:
        today, warnings = own.with_services(stack.namespace, {key: found}, {})
    except SettingsError as error:
        problem = error.issues[0]
        unusable = faults.SERVICE_UNUSABLE
        return check.finds(key, problem.problem, unusable, impact=impact, accepted=problem.accepted)
    others = without.destinations(stack.namespace)
    leads_to = "; ".join(describe(each) for each in today.destinations(stack.namespace) if each not in others)
    if warnings:
        namespace, name = stack.settings.services_to_read(stack.namespace)[key]
        named = {"service_namespace": namespace, "service": name}
        return check.finds(key, warnings[0], faults.SERVICE_WITHOUT_ADDRESSES, impact=impact, **named)
    return Reading(leads_to, impact, today, without)


def _judge(stack: ExpectedStack, key: str, found: KubernetesService | str, present: set[str]) -> CheckResult:
    read = reading(SERVICES, stack, key, found)
    if isinstance(read, CheckResult):
        return read
    if _rules(stack, read.today) - _rules(stack, read.without) - present:
        observed = f"leads to {read.leads_to}, and the network policy has no such rule"
        return SERVICES.finds(key, observed, faults.SERVICE_CHANGED, impact=read.impact)
    return SERVICES.passed(key, f"leads to {read.leads_to}, as the network policy allows")


def _services_of(stack: ExpectedStack, route: object) -> dict[str, tuple[str, str]]:
    return stack.settings.model_copy(update={"routes": (route,)}).services_to_read(stack.namespace)


def _rules(stack: ExpectedStack, settings: Settings) -> set[str]:
    return rules_of(policy_spec(arguments.network_policy(settings, stack.name, stack.namespace)), "egress")
