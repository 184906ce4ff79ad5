"""What the addresses tried from inside a connector's pod say about the network policy."""

from ops.verify.debug_container import CONTROL, DNS
from ops.verify.probe_targets import DNS_NAME, Target
from ops.verify.result import Check, Finding

NAMES = Check("inside", "dns")
BACKENDS = Check("inside", "backends")
SHUT = Check("inside", "shut")
ENFORCED = Check("inside", "enforced")
ALL = (NAMES, BACKENDS, SHUT, ENFORCED)


def judge(pod: str, targets: list[Target], answers: dict[str, bool]) -> list[Finding]:
    """`answers` by number of the target, with `control` and `dns` beside them."""
    if not answers.get(CONTROL):
        why = (
            "the container could not even reach the connector it shares the pod with: its image has no nc that knows -z"
        )
        return [check.unknown(pod, why, "name another image, with sh, nc and nslookup: --image") for check in ALL]
    missing = [each for number, each in enumerate(targets) if str(number) not in answers]
    if missing:
        why = f"no word about {', '.join(each.what for each in missing)}"
        return [check.unknown(pod, why, "try again") for check in ALL]
    tried = [(each, answers[str(number)]) for number, each in enumerate(targets)]
    certain = [answered for each, answered in tried if not each.open and each.listening]
    ignored = bool(certain) and all(certain)
    return [
        _names(pod, answers.get(DNS, False)),
        *(_backend(each, answered) for each, answered in tried if each.open),
        *(_shut(each, answered, ignored) for each, answered in tried if not each.open),
        _enforced(pod, certain),
    ]


def _names(pod: str, answered: bool) -> Finding:
    if answered:
        return NAMES.passed(pod, f"{DNS_NAME} resolves")
    return NAMES.failed(
        pod,
        f"{DNS_NAME} does not resolve",
        visitor="502: the connector finds no Service by its name",
        cause="cluster DNS is down, or its pods do not carry k8s-app=kube-dns in kube-system, to which the policy opens",
        remedy="kubectl get pods -n kube-system -l k8s-app=kube-dns",
    )


def _backend(target: Target, answered: bool) -> Finding:
    where = f"{target.host}:{target.port}"
    if answered:
        return BACKENDS.passed(target.what, f"{where} answers")
    return BACKENDS.failed(
        target.what,
        f"{where} does not answer",
        visitor="502 Bad gateway",
        cause="no pod of the Service is ready, or its pods listen on another port than the policy opens",
        remedy="kubectl get endpointslices; where pods listen on another port than the Service's, declare backend.targetPort",
    )


def _shut(target: Target, answered: bool, ignored: bool) -> Finding:
    where = f"{target.host}:{target.port}"
    if not answered:
        return SHUT.passed(target.what, f"{where} does not answer" + ("" if target.listening else " (or is not there)"))
    return SHUT.failed(
        target.what,
        f"{where} answers",
        visitor=f"nothing; but whoever gets into the Cloudflare account can publish {where} with one rule",
        cause="the network plugin ignores policies"
        if ignored
        else "another policy opens it, or it is on the pod's own node, which many network plugins always let a pod reach",
        remedy="see enforced"
        if ignored
        else "kubectl get networkpolicy; spread nodes, or shut it with the network plugin's own policies for hosts",
    )


def _enforced(pod: str, certain: list[bool]) -> Finding:
    if not certain:
        return ENFORCED.skipped(
            pod, "nothing that listens for certain was tried; name an address of the LAN with --lan"
        )
    if all(certain):
        return ENFORCED.failed(
            pod,
            "everything that the policy shuts answers: this cluster's network plugin ignores network policies",
            visitor="nothing; but the policy is a text without effect, and the connector reaches all of the LAN",
            cause="the network plugin enforces no NetworkPolicy (flannel alone does not), or it is switched off",
            remedy="install one that does: https://kubernetes.io/docs/concepts/cluster-administration/addons/#networking-and-network-policy",
        )
    return ENFORCED.passed(pod, "policies have effect")
