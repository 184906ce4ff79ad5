"""Everything that is asked of the cluster, and of one of its pods."""

from dataclasses import dataclass
from typing import Any

from clients.kubernetes import Cluster, Object, Refused
from components.network_policy.engines import PolicyEngine, engine_of
from components.network_policy.flows import METRICS_PORT
from ops.verify import debug_container, probe_targets
from ops.verify.checks import connectivity, connector, network_policy, token
from ops.verify.checks import deployment as workload
from ops.verify.expected_stack import Declared
from ops.verify.result import Check, Finding, Unread, attempt

POD = Check("inside", "pod")


@dataclass
class InCluster:
    """`version` is that of the configuration that the API holds, None where nobody knows."""

    declared: Declared
    version: int | None
    image: str
    lan: tuple[str, ...]
    look_inside: bool

    def findings(self) -> list[Finding]:
        """Deployment, pods, token and policy; what each pod says, and what is seen from inside one."""
        declared = self.declared
        core, apps = (f"/{group}/namespaces/{declared.namespace}" for group in ("api/v1", "apis/apps/v1"))
        try:
            cluster = Cluster()
            deployment = cluster.find(f"{apps}/deployments/{declared.deployment}")
            everything = cluster.items(f"{core}/pods")
        except Unread as why:
            checks = (workload.WORKLOAD, workload.PODS, token.TOKEN, network_policy.POLICY, connector.READY, POD)
            return [check.unread(declared.name, why) for check in checks]
        pods = [
            each for each in everything if _lives(each) and workload.is_connector(each, declared.labels, declared.name)
        ]
        options = declared.settings.connector
        findings = [workload.as_declared(declared.deployment, deployment, options.replicas, options.image.reference)]
        if deployment is not None:
            findings += workload.are_ready(declared.deployment, deployment["spec"].get("replicas", 1), pods)
        findings += attempt(token.TOKEN, declared.namespace, lambda: token.is_hidden(_readable(cluster, core, apps)))
        findings += attempt(network_policy.POLICY, declared.name, lambda: self._fence(cluster, pods))
        simulated = {each["metadata"]["name"] for each in pods if _simulated(cluster, each)}
        return [*findings, *self._connectors(cluster, pods, simulated), *self._inside(cluster, pods, simulated)]

    def _fence(self, cluster: Cluster, pods: list[Object]) -> list[Finding]:
        name, namespace = self.declared.name, self.declared.namespace
        # Those of Kubernetes' own count beside a plugin's: together they open what any of them does.
        engines = {engine_of("kubernetes"), engine_of(self.declared.settings.network_policy.engine)}
        policies = [policy for engine in engines for policy in _policies(cluster, engine, namespace)]
        opened = network_policy.opens_only(policies, pods, name, network_policy.wanted(self.declared))
        return [*network_policy.selects(policies, pods, name), opened]

    def _connectors(self, cluster: Cluster, pods: list[Object], simulated: set[str]) -> list[Finding]:
        namespace, findings = self.declared.namespace, []
        for name in (each["metadata"]["name"] for each in pods):
            if name in simulated:
                findings.append(connector.READY.skipped(name, "the pod is simulated: it has no port to ask"))
                continue

            def ask(path: str, pod: str = name) -> str:
                return cluster.ask_pod(namespace, pod, METRICS_PORT, path)

            findings += connector.speaks_for_itself(namespace, name, ask, self.version)
        return findings

    def _inside(self, cluster: Cluster, pods: list[Object], simulated: set[str]) -> list[Finding]:
        running = [each for each in pods if each.get("status", {}).get("phase") == "Running"]
        if not self.look_inside:
            return [POD.skipped(self.declared.deployment, "switched off with --no-inside")]
        if not running:
            return [POD.skipped(self.declared.deployment, "no pod runs from which to look")]
        pod = next((each for each in running if each["metadata"]["name"] not in simulated), running[0])
        name = pod["metadata"]["name"]
        if name in simulated:
            return [
                POD.skipped(name, "the pods are simulated: nothing runs in them, so nothing can be tried from there")
            ]
        tried = [
            *probe_targets.anywhere(self.declared, self.lan),
            *probe_targets.inside_the_cluster(cluster, self.declared, pod["spec"].get("nodeName", "")),
        ]
        try:
            answers = debug_container.try_from(cluster, self.declared.namespace, name, self.image, tried)
        except Unread as why:
            remedy = f"{why.remedy or 'try by hand'}; python -m ops verify --print-only prints the commands"
            return [POD.unknown(name, why.why, remedy)]
        return connectivity.judge(name, tried, answers)


def _policies(cluster: Cluster, engine: PolicyEngine, namespace: str) -> list[Object]:
    kind = {"apiVersion": engine.api_version, "kind": engine.kind}
    try:
        return [{**policy, **kind} for policy in cluster.items(engine.path(namespace))]
    except Refused as refusal:
        if refusal.status == 404:  # no such kind, so no such policy
            return []
        raise


def _readable(cluster: Cluster, core: str, apps: str) -> list[Object]:
    """What in the namespace shows a pod's specification to whoever may read it."""
    kinds = {"Pod": f"{core}/pods", "Deployment": f"{apps}/deployments", "ReplicaSet": f"{apps}/replicasets"}
    return [{**each, "kind": kind} for kind, path in kinds.items() for each in cluster.items(path)]


def _lives(pod: Object) -> bool:
    return not pod["metadata"].get("deletionTimestamp") and pod.get("status", {}).get("phase") not in (
        "Succeeded",
        "Failed",
    )


def _simulated(cluster: Cluster, pod: Object) -> bool:
    node: Any = pod["spec"].get("nodeName")
    if not node:
        return False
    try:
        return connector.simulated(cluster.find(f"/api/v1/nodes/{node}"))
    except Unread:  # nodes are often not for everybody to read
        return False
