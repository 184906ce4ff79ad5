"""Faults of the network policy, of the Services that it follows, and of connectivity from inside a pod."""

from ops.verify.faults.fault import ALWAYS_FOLLOWS, NEW_POLICY, POD_WITH_CONTAINERS, REFRESH, UP, Fault

_ADDONS = "https://kubernetes.io/docs/concepts/cluster-administration/addons/#networking-and-network-policy"
EXPOSED = (
    "none; but access to the Cloudflare account is then enough to publish what the pod can reach: "
    "the LAN, the cluster's API"
)
ORIGIN = (
    "policy changed",
    "Service missing",
    "Service changed",
    "Service without the route's port",
    "Service without addresses",
    "sample site's Service changed",
    "backend closed to the connector",
    "origin closed by another policy",
    "origin closed by a policy of the cluster",
    "backend with another port",
    "backend with other pods",
    "origin closed by the policy",
    "origin on a node",
    "route to the address of a Service",
    "origin elsewhere",
)
"""The faults by which connectors do not reach a route's Service or address."""

POLICY_MISSING = Fault(
    "policy missing",
    impact=EXPOSED,
    cause="the policy was deleted, or its selector or labels were changed manually",
    remedy="replace it by a new one",
    commands=(NEW_POLICY,),
)
POD_UNLABELLED = Fault(
    "pod without its labels",
    impact=EXPOSED,
    cause="the pod's labels were changed manually: it runs with the token, and no Deployment and no policy has it",
    remedy="delete it; the Deployment has replaced it already",
    commands=("kubectl -n {namespace} delete pod {subject}",),
)
POLICY_CHANGED = Fault(
    "policy changed",
    impact=f"502 where a backend's rule is missing. Where more is allowed: {EXPOSED}",
    cause="the policy was changed manually, or the stack file was changed and not deployed",
    remedy="replace it by a new one",
    commands=(NEW_POLICY,),
)
POLICY_ADDED = Fault(
    "another policy for the pods",
    impact=EXPOSED,
    cause="another policy of the namespace selects the connector's pods too, and policies add up",
    remedy="have it exclude pods labelled app.kubernetes.io/name=cloudflared, or delete it",
    commands=(
        "kubectl -n {namespace} get {kind} {other} -o yaml",
        "kubectl -n {namespace} delete {kind} {other}",
    ),
)
CLUSTER_POLICY = Fault(
    "policy of the cluster for the pods",
    impact=EXPOSED,
    cause="a policy of the whole cluster selects the connector's pods too, and policies add up",
    remedy="have its owner exclude pods labelled app.kubernetes.io/name=cloudflared",
    commands=("kubectl get {kind} {other} -o yaml",),
)
SERVICE_MISSING = Fault(
    "Service missing",
    impact="502",
    cause="the Service was deleted, or the route has another name or namespace",
    remedy="create the Service, or correct the route and update",
    commands=("kubectl -n {service_namespace} get services", UP),
)
SERVICE_UNUSABLE = Fault(
    "Service without the route's port",
    impact="502",
    cause="the Service was changed after the last pulumi up",
    remedy="change the route to {accepted}, then update",
    commands=(UP,),
)
SERVICE_WITHOUT_ADDRESSES = Fault(
    "Service without addresses",
    impact="502",
    cause="no EndpointSlice of the Service has an address",
    remedy="add its addresses, then update",
    commands=("kubectl -n {service_namespace} get endpointslices -l kubernetes.io/service-name={service}", UP),
)
SERVICE_CHANGED = Fault(
    "Service changed",
    impact="502",
    cause="the Service was created or changed after the last pulumi up",
    remedy="update: the policy follows it",
    commands=(UP,),
    follows_from=("policy changed",),
)
SITE_CHANGED = Fault(
    "sample site's Service changed",
    impact="502",
    cause="the Service, which the stack creates for the sample site, was changed or deleted manually",
    remedy="delete it, and have the stack create it again",
    commands=("kubectl -n {namespace} delete service {service} --ignore-not-found", REFRESH),
)
NO_RESOLUTION = Fault(
    "names do not resolve",
    impact="502: the connector cannot resolve the names of Services",
    cause="cluster DNS is down, or is not k8s-app=kube-dns in kube-system, which is what the policy allows",
    remedy="see whether it runs, and with which labels",
    commands=("kubectl get pods -n kube-system -l k8s-app=kube-dns",),
    follows_from=("policy changed",),
    untried=POD_WITH_CONTAINERS,
)
BACKEND_SILENT = Fault(
    "backend does not answer",
    impact="502 Bad gateway",
    cause="no pod of the Service is ready, or its pods listen on another port than the policy allows",
    remedy="see which addresses are ready; if pods listen on another port than the Service, set backend.targetPort",
    commands=("kubectl get endpointslices --all-namespaces", UP),
    follows_from=(*ORIGIN, "names do not resolve"),
    untried=POD_WITH_CONTAINERS,
)
REACHABLE = Fault(
    "blocked address answers",
    impact="none; but access to the Cloudflare account is then enough to publish it with one rule",
    cause="another policy allows it, or it is on the pod's own node, which many network plugins never block",
    remedy="add nodes, or block it with the network plugin's own policies for hosts",
    commands=("kubectl -n {namespace} get {policy_kinds}",),
    follows_from=(
        "policies not enforced",
        "policy missing",
        "pod without its labels",
        "policy changed",
        "another policy for the pods",
        "policy of the cluster for the pods",
    ),
    untried=POD_WITH_CONTAINERS,
)
NOT_ENFORCED = Fault(
    "policies not enforced",
    impact="none; but the policy has no effect, and the connector can reach the whole LAN",
    cause="the network plugin does not enforce NetworkPolicy (flannel alone does not), or it is disabled",
    remedy=f"install one that does: {_ADDONS}",
    follows_from=("policy missing", "pod without its labels"),
    untried=POD_WITH_CONTAINERS,
)
CLOSED_BY_BACKEND = Fault(
    "backend closed to the connector",
    impact="502",
    cause="a network policy of the backend's namespace restricts who may connect to its pods",
    remedy="allow port {port} from pods labelled app.kubernetes.io/name=cloudflared of namespace {namespace} there",
    commands=("kubectl -n {backend_namespace} get {policy_kinds}",),
)
CLOSED_BY_OTHER = Fault(
    "origin closed by another policy",
    impact="502",
    cause="another policy of the namespace selects the connector's pods",
    remedy="change {policies}, or have it exclude pods labelled app.kubernetes.io/name=cloudflared",
    commands=("kubectl -n {namespace} get {policy_kinds}",),
    # Without its labels, a pod has no policy of the stack that would allow what another closes.
    follows_from=("pod without its labels",),
)
CLOSED_BY_CLUSTER = Fault(
    "origin closed by a policy of the cluster",
    impact="502",
    cause="a policy of the whole cluster selects {selected}",
    remedy="have its owner allow port {port} from pods labelled app.kubernetes.io/name=cloudflared of {namespace}",
    commands=("kubectl get {kind} {other} -o yaml",),
)
OTHER_TARGET_PORT = Fault(
    "backend with another port",
    impact="502",
    cause="backend.targetPort of {hostname} is {declared}, and precedes the Service's",
    remedy="set it to {port}, or leave it out and the Service decides; then update",
    commands=(UP,),
)
OTHER_PODS = Fault(
    "backend with other pods",
    impact="502",
    cause="backend.podSelector of {hostname} does not match the pods, and precedes the Service's",
    remedy="correct it, or leave it out and the Service's selector decides; then update",
    commands=(UP,),
)
ORIGIN_CLOSED = Fault(
    "origin closed by the policy",
    impact="502",
    cause="the policy was changed manually",
    remedy="replace it by a new one",
    commands=(NEW_POLICY,),
    follows_from=("policy changed",),
    untried=f"{ALWAYS_FOLLOWS} the fault: policy changed",
)
ORIGIN_ON_NODE = Fault(
    "origin on a node",
    impact="502",
    cause="the address is a node's, which Cilium matches by the entity {entity} alone, never by a range of addresses",
    remedy="allow the entity {entity} on port {port} in networkPolicy.allow, then update",
    commands=(UP,),
)
ORIGIN_BY_ADDRESS = Fault(
    "route to the address of a Service",
    impact="502",
    cause="the address is that of Service {service}, which is translated to its pods before a policy applies",
    remedy="change the route to {url}, and the policy follows the Service; then update",
    commands=(UP,),
)
ORIGIN_MOVED = Fault(
    "origin elsewhere",
    impact="502",
    cause="the Service was created or changed after the last pulumi up",
    remedy="update: the policy follows it",
    commands=(UP,),
    follows_from=("Service changed", "policy changed"),
    untried=f"{ALWAYS_FOLLOWS} the fault: Service changed",
)
FAULTS = (
    POLICY_MISSING,
    POD_UNLABELLED,
    POLICY_CHANGED,
    POLICY_ADDED,
    CLUSTER_POLICY,
    SERVICE_MISSING,
    SERVICE_UNUSABLE,
    SERVICE_WITHOUT_ADDRESSES,
    SERVICE_CHANGED,
    SITE_CHANGED,
    NO_RESOLUTION,
    BACKEND_SILENT,
    CLOSED_BY_BACKEND,
    CLOSED_BY_OTHER,
    CLOSED_BY_CLUSTER,
    OTHER_TARGET_PORT,
    OTHER_PODS,
    ORIGIN_CLOSED,
    ORIGIN_ON_NODE,
    ORIGIN_BY_ADDRESS,
    ORIGIN_MOVED,
    REACHABLE,
    NOT_ENFORCED,
)
