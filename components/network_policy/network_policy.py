"""The fence around the connector's pods."""

from typing import Any, NotRequired, TypedDict

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.networking.v1 import NetworkPolicy as KubernetesNetworkPolicy

from components.naming import common_labels, pod_labels
from components.network_policy.engines import PolicyEngine, engine_of
from components.network_policy.flows import DestinationArgs, ResolverArgs, egress, ingress


class NetworkPolicyArgs(TypedDict):
    namespace: pulumi.Input[str]
    """Namespace of the connector's pods."""
    destinations: pulumi.Input[list[DestinationArgs]]
    """What the routes lead to, and what else is to be open."""
    pod_labels: NotRequired[pulumi.Input[dict[str, str]]]
    """Labels of the connector's pods; by default those of the Connector of the same name."""
    preset: NotRequired[pulumi.Input[str]]
    """`strict` (the default) opens Cloudflare's edge, cluster DNS and each destination on its port; `guide` opens the
    namespace, the internet less every private and special range, cluster DNS, and destinations that these leave out."""
    metrics_from: NotRequired[pulumi.Input[str | None]]
    """Namespace whose pods may scrape the metrics on port 2000; none by default."""
    engine: NotRequired[str]
    """Kind of policy: `kubernetes` (the default), `calico`, `calico-crd` (where there is no Calico API server) or
    `cilium`."""
    resolvers: NotRequired[pulumi.Input[list[ResolverArgs]]]
    """The cluster's DNS servers, where they are not CoreDNS in kube-system or NodeLocal DNSCache at its usual address."""
    region: NotRequired[pulumi.Input[str | None]]
    """Region of Cloudflare's edge that the connector keeps to, as the Connector has it: `strict` then opens that alone."""


class NetworkPolicy(pulumi.ComponentResource):
    """What the connector may reach, and who may reach it.

    Creates one NetworkPolicy of Kubernetes or Calico, or one CiliumNetworkPolicy, under a generated name: a successor is
    there before it goes. It is to be made before the pods it selects, so that none ever runs unfenced. A cluster whose
    network plugin enforces no policies accepts it and changes nothing.
    """

    def __init__(self, name: str, args: NetworkPolicyArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("culvert:index:NetworkPolicy", name, {}, opts)
        engine = engine_of(args.get("engine", "kubernetes"))
        metadata: Any = {"namespace": args["namespace"], "labels": common_labels(name)}
        spec = pulumi.Output.all(
            preset=args.get("preset", "strict"),
            namespace=args["namespace"],
            pod_labels=args.get("pod_labels", pod_labels(name)),
            destinations=args["destinations"],
            metrics_from=args.get("metrics_from"),
            resolvers=args.get("resolvers", []),
            region=args.get("region"),
        ).apply(lambda known: _spec(engine, known))
        child = pulumi.ResourceOptions(parent=self)
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


def _spec(engine: PolicyEngine, known: dict[str, Any]) -> Any:
    flows = egress(known["preset"], known["namespace"], known["destinations"], known["region"], known["resolvers"])
    return engine.write(known["pod_labels"], flows, ingress(known["metrics_from"]))
