"""Check of the rights in the cluster: what these credentials may do with each kind that the stack creates."""

from collections.abc import Iterable

from clients.errors import CheckUnavailable
from clients.kubernetes import KubernetesApi
from clients.reply_shape import documented_shape
from ops.recover.object_kinds import ObjectKind
from ops.verify.result import Check, CheckResult

RIGHTS = Check("cluster", "rights")
CHANGES = ("get", "create", "patch", "delete")
WAITS = ("get", "list", "watch")
"""Of the pods of a Deployment, for which `pulumi up` waits."""
_REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
_AWAITED = (
    ObjectKind("apps/v1", "Deployment", "deployments"),
    ObjectKind("apps/v1", "ReplicaSet", "replicasets"),
    ObjectKind("v1", "Pod", "pods"),
)


def run(api: KubernetesApi, namespace: str, kinds: Iterable[ObjectKind]) -> list[CheckResult]:
    """A result for each kind that the stack creates, and one for what it waits for."""
    created = [(kind.kind, (kind,), CHANGES) for kind in kinds]
    wanted = [*created, ("waiting for pods", _AWAITED, WAITS)]
    return [_judge(api, namespace, subject, of, verbs) for subject, of, verbs in wanted]


def _judge(
    api: KubernetesApi, namespace: str, subject: str, kinds: Iterable[ObjectKind], verbs: tuple[str, ...]
) -> CheckResult:
    missing: list[str] = []
    try:
        with documented_shape():
            for kind in kinds:
                where = namespace if kind.namespaced else ""
                # One question in place of four for an administrator.
                if not _may(api, where, kind, "*"):
                    denied = [verb for verb in verbs if not _may(api, where, kind, verb)]
                    group = kind.version.rpartition("/")[0]
                    name = f"{kind.plural}.{group}" if group else kind.plural
                    missing += [f"{' and '.join(denied)} {name}"] if denied else []
    except CheckUnavailable as error:
        return RIGHTS.unavailable(subject, error)
    scope = f"in the namespace {namespace}" if all(kind.namespaced for kind in kinds) else "in the cluster"
    if missing:
        return RIGHTS.failed(
            subject,
            f"these credentials may not {'; '.join(missing)} {scope}",
            impact="pulumi up fails at the first object of this kind",
            cause="the user's roles in the cluster do not include it",
            remedy="have a Role or ClusterRole with these verbs bound to the user that the check `cluster` names",
        )
    return RIGHTS.passed(subject, f"{', '.join(verbs)} {scope}")


def _may(api: KubernetesApi, namespace: str, kind: ObjectKind, verb: str) -> bool:
    attributes = {"verb": verb, "group": kind.version.rpartition("/")[0], "resource": kind.plural}
    within = {"namespace": namespace} if namespace else {}
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": attributes | within},
    }
    return bool((api.create(_REVIEWS, review).get("status") or {}).get("allowed"))
