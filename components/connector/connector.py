"""The connector: cloudflared in a Deployment, with its token's Secret, disruption budget and metrics Service."""

from typing import TYPE_CHECKING

import pulumi
from pulumi_kubernetes.apps.v1 import Deployment
from pulumi_kubernetes.core.v1 import Service
from pulumi_kubernetes.policy.v1 import PodDisruptionBudget

from components.argument_check import check_arguments
from components.connector.args import ConnectorArgs
from components.connector.deployment import deployment
from components.connector.pod import DEFAULTS, STARTUP_SECONDS
from components.connector.token_secret import create_token_secret
from components.naming import common_labels_with, owner_annotation, pod_labels
from components.network_policy.flows import METRICS_PORT
from settings import MAX_REPLICAS

if TYPE_CHECKING:
    from pulumi_kubernetes.meta.v1 import ObjectMetaArgsDict


SECONDS_TO_CONNECT = 30
"""How long a pod that can connect takes, with the image's pull."""


class Connector(pulumi.ComponentResource):
    """cloudflared in the cluster, which connects the tunnel to Cloudflare.

    Creates a Secret (or the resources of `token_delivery`), a Deployment, a PodDisruptionBudget and a Service for the
    metrics. A rollout waits until each new pod is ready before it stops an old one. A new token is a new Secret,
    created before the pods that mount it; the old Secret is deleted after the pods that mounted it.
    """

    deployment: pulumi.Output[str]
    """Name of the Deployment."""

    def __init__(self, name: str, args: ConnectorArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        check_arguments(self, args, ConnectorArgs)
        super().__init__("culvert:index:Connector", name, opts=opts)
        child = pulumi.ResourceOptions(parent=self)
        labels = common_labels_with(pod_labels(name))
        metadata: ObjectMetaArgsDict = {
            "namespace": args["namespace"],
            "labels": labels,
            "annotations": owner_annotation(),
        }
        token = create_token_secret(name, args, labels, child)
        self.workload = Deployment(
            f"{name}-cloudflared",
            **deployment(name, token, args),
            opts=pulumi.ResourceOptions(
                parent=self,
                # Deletion runs in the reverse order: see ConnectorArgs.
                depends_on=args.get("depends_on"),
                replace_with=args.get("replace_with"),
                custom_timeouts=_timeouts(args),
                # Not left out of the spec: Kubernetes would create one pod, and a field that no longer is applied would
                # be set to one. The provider sends the live number, or none where another manager owns it.
                ignore_changes=["spec.replicas"] if args.get("external_replicas") else None,
            ),
        )
        PodDisruptionBudget(
            f"{name}-budget",
            metadata=metadata,
            spec={
                # Not min_available: with one replica, no node could be drained.
                "max_unavailable": 1,
                # A pod that is not ready must not block the drain of a node.
                "unhealthy_pod_eviction_policy": "AlwaysAllow",
                "selector": {"match_labels": pod_labels(name)},
            },
            opts=child,
        )
        Service(
            f"{name}-metrics",
            metadata={**metadata, "name": f"{name}-metrics"},
            spec={
                # Headless: each pod has counters of its own, so Prometheus must scrape every pod.
                "cluster_ip": "None",
                "selector": pod_labels(name),
                "ports": [{"name": "metrics", "port": METRICS_PORT, "target_port": "metrics"}],
            },
            opts=child,
        )
        self.deployment = self.workload.metadata["name"]
        self.register_outputs({"deployment": self.deployment})


def _timeouts(args: ConnectorArgs) -> pulumi.CustomTimeouts:
    """How long a rollout may take: the provider's ten minutes are long for two pods that cannot connect, and too short
    for many that are replaced one by one."""
    replicas = args.get("replicas", DEFAULTS.initial_replicas)
    # A number that is known only later, or is another's, may be the greatest.
    pods = replicas if isinstance(replicas, int) and not args.get("external_replicas") else MAX_REPLICAS
    each = args.get("min_ready_seconds", DEFAULTS.min_ready_seconds) + SECONDS_TO_CONNECT
    seconds = f"{STARTUP_SECONDS + pods * each}s"
    return pulumi.CustomTimeouts(create=seconds, update=seconds)
