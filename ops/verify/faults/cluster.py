"""Faults of the Deployment, its pods and the token, as the cluster shows them."""

from ops.verify.faults.cloudflare import DOWN, TUNNEL
from ops.verify.faults.fault import DESCRIBE_POD, FORCE, NEW_EPOCH, POD_LOGS, POD_WITH_CONTAINERS, REFRESH, UP, Fault

_UNREADY = f"none while another pod is ready; otherwise {DOWN}"

DEPLOYMENT_MISSING = Fault(
    "Deployment missing",
    impact=DOWN,
    cause="it was deleted manually, or the stack is in another cluster than the current context",
    remedy="create it again, once the context is the stack's cluster",
    commands=("kubectl config current-context", REFRESH),
)
SCALED_TO_NONE = Fault(
    "Deployment scaled to none",
    impact=DOWN,
    cause="an autoscaler or a person scaled it to none",
    remedy="scale it up, or raise the autoscaler's minimum",
    commands=("kubectl -n {namespace} scale deploy/{deployment} --replicas=2",),
)
DEPLOYMENT_CHANGED = Fault(
    "Deployment changed",
    impact="none yet, or error 1033 (530) once the last working pod is gone",
    cause="the Deployment was changed manually (kubectl scale, kubectl set image), or by an autoscaler",
    remedy="restore it",
    commands=(FORCE,),
)
PODS_MISSING = Fault(
    "pods missing",
    impact="none yet: the other pods carry all requests",
    cause="the cluster does not admit them: a quota, Pod Security, or an admission webhook",
    remedy="the events name the refusal",
    commands=("kubectl -n {namespace} describe replicaset -l app.kubernetes.io/instance={name}",),
    follows_from=("Deployment changed",),
)
IMAGE_NOT_PULLED = Fault(
    "image cannot be pulled",
    impact=_UNREADY,
    cause="the image cannot be pulled: the tag does not exist, or the registry cannot be reached",
    remedy="correct culvert:connector.image (repository, tag, digest), then update; the events have the "
    "registry's error",
    commands=(DESCRIBE_POD, UP),
    follows_from=("Deployment changed",),
)
CONTAINER_NOT_CREATED = Fault(
    "container cannot be created",
    impact=_UNREADY,
    cause="the Secret with the token, or another object that the pod refers to, does not exist",
    remedy="the events name the object; create it, or the Secret with the token by an update",
    commands=(DESCRIBE_POD, REFRESH),
    follows_from=("token Secret missing", "token Secret changed", "Deployment changed"),
)
CRASH_LOOP = Fault(
    "connector exits again and again",
    impact=_UNREADY,
    cause="cloudflared exits: the token is not this tunnel's, or it rejects its settings",
    # What the log says decides; a token that the tunnel no longer has is the usual reason.
    remedy="the last lines of its log say why; if the token is wrong, set a new one",
    commands=(POD_LOGS, NEW_EPOCH, UP),
    follows_from=(*TUNNEL, "token Secret changed", "Deployment changed"),
)
NOT_SCHEDULED = Fault(
    "pod not scheduled",
    impact=_UNREADY,
    cause="no node fits: not enough resources, or taints and selectors that no node satisfies",
    remedy="the events say what no node has; change culvert:connector.resources or scheduling, then update",
    commands=(DESCRIBE_POD, UP),
    follows_from=("Deployment changed",),
)
NOT_READY = Fault(
    "pod not ready",
    impact=_UNREADY,
    cause="cloudflared has no connection to the edge: port 7844 (UDP and TCP) is blocked, or the pod has just started",
    remedy="its log says why; the firewall must allow outbound 7844",
    commands=(POD_LOGS,),
    follows_from=(
        *TUNNEL,
        "Deployment changed",
        "policy changed",
        "token Secret changed",
    ),
)
NOT_CONNECTED = Fault(
    "connector without all connections",
    impact="none while other connectors are connected; otherwise error 1033 (530)",
    cause="port 7844 (UDP and TCP) is blocked to some of the edge's addresses, or the pod has just started",
    remedy="its log says why; the node's firewall must allow outbound 7844",
    commands=(POD_LOGS,),
    follows_from=(*NOT_READY.follows_from, "pod not ready", "connector exits again and again"),
    untried=POD_WITH_CONTAINERS,
)
CONFIGURATION_BEHIND = Fault(
    "pod with earlier rules",
    impact="the rules from before the last change, for the requests that this pod receives",
    cause="it rejected the new rules and keeps the old ones, or has not received them yet",
    remedy="its log names the rule that it rejects; otherwise restart the Deployment",
    commands=(POD_LOGS, "kubectl -n {namespace} rollout restart deploy/{deployment}"),
    follows_from=("rules changed", "connector with earlier rules"),
    untried=POD_WITH_CONTAINERS,
)
TOKEN_READABLE = Fault(
    "token readable",
    impact="none; but the right to list pods is then enough to run a connector and read its requests",
    cause="it was added manually or by another tool: culvert's pods mount the token from a Secret",
    remedy="remove it there, then rotate the token",
    commands=("kubectl -n {namespace} edit {object}", NEW_EPOCH, UP),
)
SECRET_MISSING = Fault(
    "token Secret missing",
    impact="none yet: running pods keep their token; but no new pod starts",
    cause="it was deleted manually, or by the operator that creates it",
    remedy="create it again",
    commands=(REFRESH,),
    follows_from=("Deployment changed",),
)
SECRET_CHANGED = Fault(
    "token Secret changed",
    impact=f"none yet: running pods keep their token; {DOWN} once they have restarted",
    cause="its data was changed manually or by another tool",
    remedy="replace it by a Secret with the tunnel's token; the pods are replaced one by one",
    commands=("pulumi up --replace '**{name}-token' --stack {stack}",),
)
FAULTS = (
    DEPLOYMENT_MISSING,
    SCALED_TO_NONE,
    DEPLOYMENT_CHANGED,
    PODS_MISSING,
    IMAGE_NOT_PULLED,
    CONTAINER_NOT_CREATED,
    CRASH_LOOP,
    NOT_SCHEDULED,
    NOT_READY,
    NOT_CONNECTED,
    CONFIGURATION_BEHIND,
    TOKEN_READABLE,
    SECRET_MISSING,
    SECRET_CHANGED,
)
