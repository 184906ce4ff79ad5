"""Network policy of the connector's pods."""

from typing import Any, NotRequired, TypedDict

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.networking.v1 import NetworkPolicy as KubernetesNetworkPolicy

from components.argument_check import check_arguments
from components.naming import common_labels, owner_annotation, pod_labels
from components.network_policy.engines import engine_of
from components.network_policy.flows import egress, ingress
from components.network_policy.peers import DestinationArgs, ResolverArgs, check_peers
from settings.options.network_policy import DEFAULT_ENGINE, DEFAULT_PRESET


class NetworkPolicyArgs(TypedDict):
    namespace: pulumi.Input[str]
    """Namespace of the connector's pods."""
    destinations: pulumi.Input[list[DestinationArgs]]
    """Backends of the routes, and every other destination to allow."""
    pod_labels: NotRequired[pulumi.Input[dict[str, str]]]
    """Labels of the connector's pods; by default those of the Connector with the same name."""
    preset: NotRequired[pulumi.Input[str]]
    """`strict` (the default) allows Cloudflare's edge, cluster DNS, and each destination on its port. `guide` allows
    the namespace, the internet except every private and special range, cluster DNS, and all other destinations."""
    metrics_from: NotRequired[pulumi.Input[str | None]]
    """Namespace whose pods may scrape metrics on port 2000; none by default."""
    engine: NotRequired[str]
    """Policy engine of the cluster: `kubernetes` (the default), `calico`, `calico-crd` (for clusters without Calico's
    API server) or `cilium`."""
    resolvers: NotRequired[pulumi.Input[list[ResolverArgs]]]
    """DNS servers of the cluster, if not CoreDNS in kube-system or NodeLocal DNSCache at its default address."""
    region: NotRequired[pulumi.Input[str | None]]
    """The Connector's `region`: `strict` then allows the edge addresses of that region only."""


class NetworkPolicy(pulumi.ComponentResource):
    """A network policy that denies all traffic of the connector's pods except what is declared, in both directions.

    Creates one NetworkPolicy of Kubernetes or Calico, or one CiliumNetworkPolicy, with a generated name. A change of
    what it allows creates another one, and deletes the old one at the end of the run; until then both apply. Create it
    before the pods that it selects, so that none ever runs without it. A cluster whose network plugin enforces no
    policies accepts the object and ignores it.
    """

    def __init__(self, name: str, args: NetworkPolicyArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        check_arguments(self, args, NetworkPolicyArgs)
        check_peers(args.get("destinations"), args.get("resolvers", []))
        super().__init__("culvert:index:NetworkPolicy", name, opts=opts)
        engine = engine_of(args.get("engine", DEFAULT_ENGINE))
        metadata: Any = {
            "namespace": args["namespace"],
            "labels": common_labels(name),
            "annotations": owner_annotation(),
        }
        spec = pulumi.Output.all(
            engine=args.get("engine", DEFAULT_ENGINE),
            preset=args.get("preset", DEFAULT_PRESET),
            namespace=args["namespace"],
            pod_labels=args.get("pod_labels", pod_labels(name)),
            destinations=args["destinations"],
            metrics_from=args.get("metrics_from"),
            resolvers=args.get("resolvers", []),
            region=args.get("region"),
        ).apply(policy_spec)
        # Policies add up, and the engine creates a replacement first and deletes the old policy at the end of the run:
        # what the old one allows stays open while connectors may still need it.
        child = pulumi.ResourceOptions(parent=self, replace_on_changes=["spec"])
        if engine is engine_of("kubernetes"):
            KubernetesNetworkPolicy(f"{name}-policy", metadata=metadata, spec=spec, opts=child)
        else:
            CustomResource(
                f"{engine.prefix}{name}-policy",
                api_version=engine.api_version,
                kind=engine.kind,
                metadata=metadata,
                spec=spec,
                opts=child,
            )
        self.register_outputs({})


def policy_spec(args: Any) -> Any:
    """The spec of the policy for NetworkPolicyArgs that are complete and contain no outputs."""
    flows = egress(args["preset"], args["namespace"], args["destinations"], args["region"], args["resolvers"])
    return engine_of(args["engine"]).write(args["pod_labels"], flows, ingress(args["metrics_from"]))
