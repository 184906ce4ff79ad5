"""Checks of the cluster: Deployment, pods, token, network policy, and each connector pod."""

from dataclasses import dataclass
from typing import Any

from clients.errors import CheckUnavailable
from clients.kubernetes import KubernetesApi, Object
from clients.reply_shape import documented_shape
from components.network_policy.engines import engine_of
from components.network_policy.flows import METRICS_PORT
from ops.expected_stack import ExpectedStack
from ops.verify import debug_container, probe_targets
from ops.verify.checks import (
    cluster_policies,
    connectivity,
    connector,
    deployment,
    network_policy,
    reachable,
    services,
    token,
    token_secret,
)
from ops.verify.checks.cluster_policies import ClusterPolicies
from ops.verify.checks.reachable import ReachableOrigins, of_namespace
from ops.verify.declared_policy import expected_spec
from ops.verify.result import Check, CheckResult, attempt

POD = Check("inside", "pod")


@dataclass
class ClusterChecks:
    """`version` is the API's version of the tunnel's configuration, None if it is not known."""

    stack: ExpectedStack
    version: int | None
    image: str
    lan: tuple[probe_targets.Target, ...]
    probe_pod: bool

    def run(self) -> list[CheckResult]:
        stack = self.stack
        core, apps = (f"/{group}/namespaces/{stack.namespace}" for group in ("api/v1", "apis/apps/v1"))
        try:
            with documented_shape():
                api = stack.kubernetes()
                found = api.find(f"{apps}/deployments/{stack.deployment}")
                pods = [
                    pod
                    for pod in api.items(f"{core}/pods")
                    if deployment.is_running(pod) and deployment.is_connector(pod, stack.labels, stack.name)
                ]
                of_cluster = cluster_policies.read(api)
                simulated = {pod["metadata"]["name"] for pod in pods if _is_simulated(api, pod)}
        except CheckUnavailable as error:
            cluster = (
                deployment.WORKLOAD,
                deployment.PODS,
                token_secret.SECRET,
                token.TOKEN,
                network_policy.POLICY,
                connector.CONNECTED,
            )
            return [check.unavailable(stack.name, error) for check in (*cluster, POD)]
        results = attempt(deployment.WORKLOAD, stack.deployment, lambda: self._workload(found, pods))
        results += attempt(token_secret.SECRET, stack.deployment, lambda: token_secret.check(api, stack, found))
        results += attempt(token.TOKEN, stack.namespace, lambda: token.is_hidden(_with_pod_specs(api, core, apps)))
        results += attempt(network_policy.POLICY, stack.name, lambda: self._network_policy(api, pods, of_cluster))
        origins = ReachableOrigins(api, stack, pods, of_cluster.policies)
        results += attempt(reachable.REACHABLE, stack.name, origins.run)
        results += attempt(connector.CONNECTED, stack.name, lambda: self._connectors(api, pods, simulated))
        return results + attempt(POD, stack.deployment, lambda: self._connectivity(api, pods, simulated))

    def _workload(self, found: Object | None, pods: list[Object]) -> list[CheckResult]:
        name, options = self.stack.deployment, self.stack.settings.connector
        results = [deployment.matches(name, found, options.replicas, options.image.reference)]
        if found is not None:
            results += deployment.are_ready(name, found["spec"].get("replicas", 1), pods)
        return results

    def _network_policy(self, api: KubernetesApi, pods: list[Object], of_cluster: ClusterPolicies) -> list[CheckResult]:
        name, namespace = self.stack.name, self.stack.namespace
        # Kubernetes' own policies apply beside a plugin's: together they allow what any of them does.
        engines = {engine_of("kubernetes"), engine_of(self.stack.settings.network_policy.engine)}
        policies = [policy for engine in engines for policy in network_policy.policies_of(api, engine, namespace)]
        rules = network_policy.allow_only(policies, pods, name, expected_spec(self.stack))
        if of_cluster.policies or of_cluster.unlisted:
            found = of_namespace(api, namespace)
            rules += cluster_policies.allow_no_more(of_cluster, pods, namespace, found, expected_spec(self.stack))
        followed = services.follow_services(api, self.stack, policies)
        return [*network_policy.selects_all(policies, pods, name, self.stack.labels), *rules, *followed]

    def _connectors(self, api: KubernetesApi, pods: list[Object], simulated: set[str]) -> list[CheckResult]:
        namespace, results = self.stack.namespace, []
        for name in (pod["metadata"]["name"] for pod in pods):
            if name in simulated:
                results.append(connector.CONNECTED.skipped(name, "the pod is simulated: nothing listens on its port"))
                continue

            def get(path: str, pod: str = name) -> str:
                return api.get_from_pod(namespace, pod, METRICS_PORT, path)

            results += connector.check_connector(namespace, name, get, self.version)
        return results

    def _connectivity(self, api: KubernetesApi, pods: list[Object], simulated: set[str]) -> list[CheckResult]:
        running = [pod for pod in pods if pod.get("status", {}).get("phase") == "Running"]
        if not self.probe_pod:
            return [POD.skipped(self.stack.deployment, "switched off with --no-inside")]
        if not running:
            return [POD.skipped(self.stack.deployment, "no pod is running")]
        pod = next((one for one in running if one["metadata"]["name"] not in simulated), running[0])
        name = pod["metadata"]["name"]
        if name in simulated:
            return [POD.skipped(name, "the pods are simulated: no container can run in them")]
        domain = self.stack.settings.cluster_domain
        targets = [
            *probe_targets.from_settings(self.stack, self.lan),
            *probe_targets.from_cluster(api, self.stack, pod["spec"].get("nodeName", "")),
        ]
        try:
            answers = debug_container.probe(api, self.stack.namespace, name, self.image, targets, domain)
        except CheckUnavailable as error:
            remedy = f"{error.remedy or 'probe manually'}; python -m ops verify --print-only prints the commands"
            return [POD.unknown(name, error.reason, remedy)]
        return connectivity.judge(name, targets, answers, domain)


def _with_pod_specs(api: KubernetesApi, core: str, apps: str) -> list[Object]:
    """The namespace's objects that contain a pod's specification."""
    kinds = {"Pod": f"{core}/pods", "Deployment": f"{apps}/deployments", "ReplicaSet": f"{apps}/replicasets"}
    return [{**item, "kind": kind} for kind, path in kinds.items() for item in api.items(path)]


def _is_simulated(api: KubernetesApi, pod: Object) -> bool:
    node: Any = pod["spec"].get("nodeName")
    if not node:
        return False
    try:
        return connector.is_simulated(api.find(f"/api/v1/nodes/{node}"))
    except CheckUnavailable:  # few users may read nodes
        return False
