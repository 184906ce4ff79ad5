"""All checks in their order: who is asked for what, and what that leads to where somebody does not answer."""

from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from components.flows import METRICS_PORT
from verify import connector, debug, fence, inside, internet, records, targets, token, tunnel, workload
from verify.cloudflare import Cloudflare
from verify.cluster import Cluster, Object
from verify.declared import Declared
from verify.finding import Check, Finding, Unread
from verify.visit import Visitor

POD = Check("inside", "pod")


@dataclass
class Survey:
    """One round of questions. `look_inside` runs a container in a pod, `offline` leaves the visitor's part out."""

    declared: Declared
    image: str = debug.IMAGE
    lan: tuple[str, ...] = ()
    look_inside: bool = True
    offline: bool = False
    version: int | None = None
    """Of the configuration that the API holds, once it has been asked."""

    def run(self) -> list[Finding]:
        """Everything; what cannot be asked is among the findings."""
        return [*self.api(), *self.cluster(), *self.internet()]

    def api(self) -> list[Finding]:
        """Tunnel, connections, versions, rules and records."""
        name, settings = self.declared.name, self.declared.settings
        try:
            cloudflare = Cloudflare()
            found = cloudflare.tunnels(settings.account_id, name)
        except Unread as why:
            return [
                check.unread(name, why) for check in (tunnel.TUNNEL, tunnel.CONNECTIONS, tunnel.RULES, records.RECORDS)
            ]
        there = tunnel.is_there(name, found, self.declared.outputs)
        if not found:
            # Without it, all else would fail for the same reason.
            return [there]
        return [
            there,
            *_attempt(tunnel.RULES, name, lambda: self._rules(cloudflare, found[0]["id"])),
            *_attempt(tunnel.CONNECTIONS, name, lambda: self._connections(cloudflare, found[0])),
            *self._records(cloudflare, f"{found[0]['id']}.cfargotunnel.com"),
        ]

    def _rules(self, cloudflare: Cloudflare, number: str) -> list[Finding]:
        declared = self.declared
        document = cloudflare.configuration(declared.settings.account_id, number)
        self.version = document.get("version")
        wanted = declared.settings.ingress_rules(declared.namespace)
        return [tunnel.follows_rules(declared.name, wanted, document, declared.outputs)]

    def _connections(self, cloudflare: Cloudflare, found: Object) -> list[Finding]:
        name, settings = self.declared.name, self.declared.settings
        connectors = cloudflare.connections(settings.account_id, found["id"])
        findings = [tunnel.is_connected(name, found, connectors, settings.connector.replicas)]
        if self.version is not None:
            findings.append(tunnel.runs_version(name, connectors, self.version))
        return findings

    def _records(self, cloudflare: Cloudflare, target: str) -> list[Finding]:
        settings, findings = self.declared.settings, []
        for zone, number in settings.zones.items():
            names = [hostname for hostname, where in settings.hostnames().items() if where == zone]
            try:
                present = cloudflare.records(number or cloudflare.zone_id(settings.account_id, zone))
            except Unread as why:
                findings.append(records.RECORDS.unread(zone, why))
                continue
            findings += [records.points_at(hostname, target, present) for hostname in names]
            findings.append(records.no_strays(zone, names, target, present))
        return findings

    def cluster(self) -> list[Finding]:
        """Deployment, pods, token and policy; what each pod says, and what is seen from inside one."""
        declared = self.declared
        core, apps = (f"/{group}/namespaces/{declared.namespace}" for group in ("api/v1", "apis/apps/v1"))
        try:
            cluster = Cluster()
            deployment = cluster.find(f"{apps}/deployments/{declared.deployment}")
            everything = cluster.items(f"{core}/pods")
        except Unread as why:
            checks = (workload.WORKLOAD, workload.PODS, token.TOKEN, fence.POLICY, connector.READY, POD)
            return [check.unread(declared.name, why) for check in checks]
        pods = [
            each for each in everything if _lives(each) and workload.is_connector(each, declared.labels, declared.name)
        ]
        options = declared.settings.connector
        findings = [workload.as_declared(declared.deployment, deployment, options.replicas, options.image.reference)]
        if deployment is not None:
            findings += workload.are_ready(declared.deployment, deployment["spec"].get("replicas", 1), pods)
        findings += _attempt(token.TOKEN, declared.namespace, lambda: token.is_hidden(_readable(cluster, core, apps)))
        findings += _attempt(fence.POLICY, declared.name, lambda: self._fence(cluster, pods))
        simulated = {each["metadata"]["name"] for each in pods if _simulated(cluster, each)}
        return [*findings, *self._connectors(cluster, pods, simulated), *self._inside(cluster, pods, simulated)]

    def _fence(self, cluster: Cluster, pods: list[Object]) -> list[Finding]:
        name, namespace = self.declared.name, self.declared.namespace
        policies = cluster.items(f"/apis/networking.k8s.io/v1/namespaces/{namespace}/networkpolicies")
        opened = fence.opens_only(policies, pods, name, fence.wanted(self.declared))
        return [*fence.selects(policies, pods, name), opened]

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
            *self.static_targets(),
            *targets.inside_the_cluster(cluster, self.declared, pod["spec"].get("nodeName", "")),
        ]
        try:
            answers = debug.try_from(cluster, self.declared.namespace, name, self.image, tried)
        except Unread as why:
            remedy = f"{why.remedy or 'try by hand'}; python -m verify --print-only prints the commands"
            return [POD.unknown(name, why.why, remedy)]
        return inside.judge(name, tried, answers)

    def static_targets(self) -> list[targets.Target]:
        """What is to be tried from inside whatever the cluster."""
        return [*targets.backends(self.declared), targets.metadata(), *targets.lan(list(self.lan))]

    def internet(self) -> list[Finding]:
        """What a visitor of each address gets."""
        name = self.declared.name
        if self.offline:
            return [internet.ANSWER.skipped(name, "switched off with --offline")]
        try:
            visitor = Visitor()
            cloudflare = Cloudflare()
            if not visitor.front and _on_this_machine(cloudflare.base_url):
                return [internet.ANSWER.skipped(name, "the API is an emulated one: nothing of it is on the internet")]
            applications = cloudflare.access_applications(self.declared.settings.account_id)
        except Unread as why:
            return [internet.ANSWER.unread(name, why)]
        wanted = internet.addresses(self.declared.settings, applications)
        return [finding for each in wanted for finding in internet.judge(each, visitor.visit(each.url))]


def _readable(cluster: Cluster, core: str, apps: str) -> list[Object]:
    """What in the namespace shows a pod's specification to whoever may read it."""
    kinds = {"Pod": f"{core}/pods", "Deployment": f"{apps}/deployments", "ReplicaSet": f"{apps}/replicasets"}
    return [{**each, "kind": kind} for kind, path in kinds.items() for each in cluster.items(path)]


def _attempt(check: Check, about: str, judge: Callable[[], list[Finding]]) -> list[Finding]:
    try:
        return judge()
    except Unread as why:
        return [check.unread(about, why)]


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


def _on_this_machine(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
