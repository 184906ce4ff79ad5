"""The fence around the connector's pods."""

from typing import Any, NotRequired, TypedDict

import pulumi
from pulumi_kubernetes.networking.v1 import NetworkPolicy as KubernetesNetworkPolicy

from components.flows import DestinationArgs, egress, ingress
from components.kubernetes_dialect import network_policy_spec
from components.labels import common_labels, pod_labels


class NetworkPolicyArgs(TypedDict):
    namespace: pulumi.Input[str]
    """Namespace of the connector's pods."""
    destinations: pulumi.Input[list[DestinationArgs]]
    """What the routes lead to."""
    pod_labels: NotRequired[pulumi.Input[dict[str, str]]]
    """Labels of the connector's pods; by default those of the Connector of the same name."""
    preset: NotRequired[pulumi.Input[str]]
    """`strict` (the default) opens Cloudflare's edge, cluster DNS and each destination on its port; `guide` opens the
    namespace, the internet less every private and special range, cluster DNS, and destinations that these leave out."""
    metrics_from: NotRequired[pulumi.Input[str | None]]
    """Namespace whose pods may scrape the metrics on port 2000; none by default."""

    region: NotRequired[pulumi.Input[str | None]]
    """Region of Cloudflare's edge that the connector keeps to, as the Connector has it: `strict` then opens that alone."""


class NetworkPolicy(pulumi.ComponentResource):
    """What the connector may reach, and who may reach it.

    Creates one NetworkPolicy of Kubernetes' own dialect, under a generated name: a successor is there before it goes.
    It is to be made before the pods it selects, so that none ever runs unfenced. A cluster whose network plugin
    enforces no policies accepts it and changes nothing.
    """

    def __init__(self, name: str, args: NetworkPolicyArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("culvert:index:NetworkPolicy", name, {}, opts)
        KubernetesNetworkPolicy(
            f"{name}-policy",
            metadata={"namespace": args["namespace"], "labels": common_labels(name)},
            spec=pulumi.Output.all(
                preset=args.get("preset", "strict"),
                namespace=args["namespace"],
                pod_labels=args.get("pod_labels", pod_labels(name)),
                destinations=args["destinations"],
                metrics_from=args.get("metrics_from"),
                region=args.get("region"),
            ).apply(_spec),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})


def _spec(known: dict[str, Any]) -> Any:
    return network_policy_spec(
        known["pod_labels"],
        egress(known["preset"], known["namespace"], known["destinations"], known["region"]),
        ingress(known["metrics_from"]),
    )
