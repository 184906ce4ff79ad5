"""Checks of connectivity from inside a connector's pod: backends answer, all other targets are blocked."""

from ops.verify.debug_container import CONTROL, DNS
from ops.verify.probe_targets import Target, dns_name
from ops.verify.result import Check, CheckResult
from settings.types.dns import CLUSTER_DOMAIN

RESOLUTION = Check("inside", "dns")
BACKENDS = Check("inside", "backends")
BLOCKED = Check("inside", "blocked")
ENFORCED = Check("inside", "enforced")
ALL = (RESOLUTION, BACKENDS, BLOCKED, ENFORCED)

_ADDONS = "https://kubernetes.io/docs/concepts/cluster-administration/addons/#networking-and-network-policy"


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
    not_enforced = bool(listening) and all(listening)
    return [
        _resolution(pod, answers.get(DNS, False), dns_name(domain)),
        *(_backend(target, answered) for target, answered in probes if target.allowed),
        *(_blocked(target, answered, not_enforced) for target, answered in probes if not target.allowed),
        _enforced(pod, listening),
    ]


def _resolution(pod: str, answered: bool, name: str) -> CheckResult:
    if answered:
        return RESOLUTION.passed(pod, f"{name} resolves")
    return RESOLUTION.failed(
        pod,
        f"{name} does not resolve",
        impact="502: the connector cannot resolve the names of Services",
        cause="cluster DNS is down, or is not k8s-app=kube-dns in kube-system, which is what the policy allows",
        remedy="kubectl get pods -n kube-system -l k8s-app=kube-dns",
    )


def _backend(target: Target, answered: bool) -> CheckResult:
    if answered:
        return BACKENDS.passed(target.description, f"{target.address} answers")
    return BACKENDS.failed(
        target.description,
        f"{target.address} does not answer",
        impact="502 Bad gateway",
        cause="no pod of the Service is ready, or its pods listen on another port than the policy allows",
        remedy="kubectl get endpointslices; if pods listen on another port than the Service, set backend.targetPort",
    )


def _blocked(target: Target, answered: bool, not_enforced: bool) -> CheckResult:
    if not answered:
        note = "" if target.listening else " (or does not exist)"
        return BLOCKED.passed(target.description, f"{target.address} does not answer{note}")
    cause = "another policy allows it, or it is on the pod's own node, which many network plugins never block"
    remedy = "kubectl get networkpolicy; add nodes, or block it with the network plugin's own policies for hosts"
    if not_enforced:
        cause, remedy = "the network plugin does not enforce policies", "see the check enforced"
    return BLOCKED.failed(
        target.description,
        f"{target.address} answers",
        impact=f"none; but access to the Cloudflare account is then enough to publish {target.address} with one rule",
        cause=cause,
        remedy=remedy,
    )


def _enforced(pod: str, listening: list[bool]) -> CheckResult:
    if not listening:
        reason = "no probed target is certain to listen; add an address of the LAN with --lan"
        return ENFORCED.skipped(pod, reason)
    if all(listening):
        return ENFORCED.failed(
            pod,
            "every blocked target answers: this cluster's network plugin ignores network policies",
            impact="none; but the policy has no effect, and the connector can reach the whole LAN",
            cause="the network plugin does not enforce NetworkPolicy (flannel alone does not), or it is disabled",
            remedy=f"install one that does: {_ADDONS}",
        )
    return ENFORCED.passed(pod, "the network plugin enforces policies")
