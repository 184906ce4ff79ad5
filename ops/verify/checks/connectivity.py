"""Checks of connectivity from inside a connector's pod: backends answer, all other targets are blocked."""

from ops.verify.debug_container import CONTROL, DNS
from ops.verify.faults import network as faults
from ops.verify.probe_targets import Target, dns_name
from ops.verify.result import Check, CheckResult
from settings.types.dns import CLUSTER_DOMAIN

RESOLUTION = Check("inside", "dns")
BACKENDS = Check("inside", "backends")
BLOCKED = Check("inside", "blocked")
ENFORCED = Check("inside", "enforced")
ALL = (RESOLUTION, BACKENDS, BLOCKED, ENFORCED)


def judge(pod: str, targets: list[Target], answers: dict[str, bool], domain: str = CLUSTER_DOMAIN) -> list[CheckResult]:
    """All checks. `answers` says by a target's index, by `control` and by `dns` whether there was an answer."""
    if not answers.get(CONTROL):
        reason = "the container cannot reach even the connector in its own pod: its image has no nc that supports -z"
        return [check.unknown(pod, reason, "use another image, with sh, nc and nslookup: --image") for check in ALL]
    missing = [target for index, target in enumerate(targets) if str(index) not in answers]
    if missing:
        reason = f"no result for {', '.join(target.description for target in missing)}"
        return [check.unknown(pod, reason, "try again") for check in ALL]
    probes = [(target, answers[str(index)]) for index, target in enumerate(targets)]
    listening = [answered for target, answered in probes if not target.allowed and target.listening]
    return [
        _resolution(pod, answers.get(DNS, False), dns_name(domain)),
        *(_backend(target, answered) for target, answered in probes if target.allowed),
        *(_blocked(target, answered) for target, answered in probes if not target.allowed),
        _enforced(pod, listening),
    ]


def _resolution(pod: str, answered: bool, name: str) -> CheckResult:
    if answered:
        return RESOLUTION.passed(pod, f"{name} resolves")
    return RESOLUTION.finds(pod, f"{name} does not resolve", faults.NO_RESOLUTION)


def _backend(target: Target, answered: bool) -> CheckResult:
    if answered:
        return BACKENDS.passed(target.description, f"{target.address} answers")
    impact = f"502 for {', '.join(target.hostnames)}" if target.hostnames else ""
    return BACKENDS.finds(target.description, f"{target.address} does not answer", faults.BACKEND_SILENT, impact=impact)


def _blocked(target: Target, answered: bool) -> CheckResult:
    if not answered:
        note = "" if target.listening else " (or does not exist)"
        return BLOCKED.passed(target.description, f"{target.address} does not answer{note}")
    return BLOCKED.finds(target.description, f"{target.address} answers", faults.REACHABLE)


def _enforced(pod: str, listening: list[bool]) -> CheckResult:
    if not listening:
        reason = "no probed target is certain to listen; add an address of the LAN with --lan"
        return ENFORCED.skipped(pod, reason)
    if all(listening):
        observed = "every blocked target answers: this cluster's network plugin ignores network policies"
        return ENFORCED.finds(pod, observed, faults.NOT_ENFORCED)
    return ENFORCED.passed(pod, "the network plugin enforces policies")
