"""Checks of the cluster: reachable, by whom, with which rights, and with the kinds and Services that the stack
needs."""

from typing import Any

from clients.errors import CheckUnavailable, KubernetesApiError
from clients.kubernetes import KubernetesApi, Object
from ops.declared_kinds import object_kinds
from ops.expected_stack import ExpectedStack
from ops.preflight.checks import network_plugin, rights, services
from ops.recover.live_resources import is_terminating, owner_of
from ops.recover.object_kinds import NAMESPACE, ObjectKind
from ops.verify.result import Check, CheckResult, attempt

CLUSTER = Check("cluster", "cluster")
KIND = Check("cluster", "kind")
NAMESPACES = Check("cluster", "namespace")
CONTROLLERS = {
    "monitoring.coreos.com": ("the Prometheus operator", "or monitoring: {monitor: none, alerts: false}"),
    "bitnami.com": ("the Sealed Secrets controller", "or another token.delivery"),
    "external-secrets.io": ("External Secrets", "or another token.delivery"),
    "projectcalico.org": ("Calico's API server", "or networkPolicy: {engine: calico-crd}"),
    "crd.projectcalico.org": ("Calico", "or networkPolicy: {engine: kubernetes}"),
    "cilium.io": ("Cilium", "or networkPolicy: {engine: kubernetes}"),
}
"""What serves the kinds of an API group, and what the stack file can say in its place."""


def run(stack: ExpectedStack) -> list[CheckResult]:
    try:
        api = stack.kubernetes()
        version = str(api.get("/version").get("gitVersion", "of an unknown version"))
    except CheckUnavailable as error:
        return [_unreachable(stack, error)]
    kinds = object_kinds(stack.settings)
    served = [each for kind in kinds for each in attempt(KIND, kind.kind, lambda kind=kind: is_served(api, kind))]
    return [
        *attempt(CLUSTER, api.server, lambda: [_caller(api, version)]),
        *attempt(NAMESPACES, stack.namespace, lambda: [is_available(api, stack)]),
        *served,
        *rights.run(api, stack.namespace, kinds),
        *services.run(api, stack),
        *attempt(network_plugin.ENFORCED, stack.name, lambda: [network_plugin.enforces(api)]),
    ]


def _unreachable(stack: ExpectedStack, error: CheckUnavailable) -> CheckResult:
    context = stack.provider.get("context")
    return CLUSTER.failed(
        f"context {context}" if context else "the current context",
        error.reason,
        impact="pulumi up creates nothing",
        cause="the kubeconfig is another cluster's, its credentials have expired, or the cluster is down",
        remedy=error.remedy or "check the current context: kubectl cluster-info",
    )


def _caller(api: KubernetesApi, version: str) -> CheckResult:
    """The cluster, and as whom it is used."""
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    try:
        found = api.create("/apis/authentication.k8s.io/v1/selfsubjectreviews", review)
        user: dict[str, Any] = found["status"]["userInfo"]
        known = f"{user.get('username') or 'an unknown user'} ({', '.join(user.get('groups') or []) or 'no groups'})"
    except KubernetesApiError as error:
        if error.status != 404:
            raise
        known = "a user that Kubernetes before 1.28 does not name"
    return CLUSTER.passed(api.server, f"Kubernetes {version}, as {known}")


def is_available(api: KubernetesApi, stack: ExpectedStack) -> CheckResult:
    """Whether the namespace exists, or can be created, as the stack file says."""
    namespace, options = stack.namespace, stack.settings.namespace
    created = options is None or options.create
    found = api.find(NAMESPACE.path(name=namespace))
    if found is not None and is_terminating(found):
        return NAMESPACES.failed(
            namespace,
            "is being deleted",
            impact="pulumi up fails: a namespace that is being deleted takes no new object",
            cause="it was deleted, and an object in it does not end",
            remedy=f"wait, or see what is left in it: kubectl describe namespace {namespace}",
        )
    if found is None and not created:
        return NAMESPACES.failed(
            namespace,
            "does not exist",
            impact="pulumi up fails at the first object in it",
            cause="namespace: {create: false} says that others create it",
            remedy=f"kubectl create namespace {namespace}, or namespace: {{create: true}}",
        )
    if found is not None and created and owner_of(found) != stack.mark:
        return NAMESPACES.failed(
            namespace,
            "exists, and the stack did not create it",
            impact="pulumi up fails: already exists",
            cause="another stack, or a person, created it",
            remedy=f"namespace: {{name: {namespace}, create: false}}, or another name",
        )
    how = "the stack creates it" if found is None else "exists"
    return NAMESPACES.passed(namespace, f"{how}, as the stack file says" if found is None or not created else how)


def is_served(api: KubernetesApi, kind: ObjectKind) -> list[CheckResult]:
    """Whether the API server has a kind that comes with a controller; nothing of Kubernetes' own kinds."""
    group = kind.version.partition("/")[0]
    if group not in CONTROLLERS:
        return []
    controller, otherwise = CONTROLLERS[group]
    found: Object = api.find(kind.root) or {}
    if any(each.get("name") == kind.plural for each in found.get("resources") or []):
        return [KIND.passed(kind.kind, f"{kind.version} is served")]
    return [
        KIND.failed(
            kind.kind,
            f"the cluster has no {kind.plural} of {kind.version}",
            impact=f'pulumi up fails: no matches for kind "{kind.kind}"',
            cause=f"{controller} is not installed in this cluster, or in another version",
            remedy=f"install {controller} first, {otherwise}",
        )
    ]
