"""The Kubernetes side: cloudflared, run so that it can be watched, moved and renewed without loss."""

from typing import Any, NotRequired, TypedDict

import pulumi
from pulumi_kubernetes.apps.v1 import Deployment
from pulumi_kubernetes.core.v1 import Service
from pulumi_kubernetes.policy.v1 import PodDisruptionBudget

from components.connector.pod import DEFAULTS, pod_template
from components.connector.token_secret import TokenDeliveryArgs, delivered
from components.naming import common_labels, pod_labels
from components.network_policy.flows import METRICS_PORT


class VolumeArgs(TypedDict):
    """A further volume, in Kubernetes' own spelling."""

    volume: Any
    """As in a pod's `volumes`; its name does not begin with `culvert-`."""
    mount: Any
    """As in a container's `volumeMounts`."""


class ConnectorArgs(TypedDict):
    namespace: pulumi.Input[str]
    """Where everything below is made."""
    token: pulumi.Input[str]
    """The tunnel's token. As the data of a Secret it is secret in the state, whether or not it was before."""
    token_delivery: NotRequired[TokenDeliveryArgs]
    """How the token comes to the pods; by default through a Secret."""
    replicas: NotRequired[pulumi.Input[int]]
    """Pods, two by default: each holds four connections to Cloudflare, and a tunnel takes a hundred."""
    image: NotRequired[pulumi.Input[str]]
    """Image of cloudflared, by tag and digest, whose entry point is `cloudflared`; a pinned one by default."""
    grace_period_seconds: NotRequired[int]
    """How long requests in flight may take when a pod is stopped, 30 by default; at most 180, or cloudflared does not
    start."""
    resources: NotRequired[pulumi.Input[Any]]
    """Requests and limits, as in a container; modest ones by default."""
    protocol: NotRequired[pulumi.Input[str]]
    """Towards the edge: `auto` (the default), `quic` or `http2`."""
    post_quantum: NotRequired[bool]
    """Insist on post-quantum key exchange, which takes `quic`; preferred in any case."""
    edge_ip_version: NotRequired[pulumi.Input[str | None]]
    """`auto`, `4` or `6`; cloudflared's own default is 4."""
    region: NotRequired[pulumi.Input[str | None]]
    """`us` keeps to Cloudflare's data centres there; give it to the NetworkPolicy too. Anywhere by default."""
    log_format: NotRequired[pulumi.Input[str]]
    """`json` (the default) or `default`, cloudflared's own text."""
    pod_labels: NotRequired[dict[str, pulumi.Input[str]]]
    """Further labels of the pods."""
    pod_annotations: NotRequired[dict[str, pulumi.Input[str]]]
    """Annotations of the pods."""
    image_pull_secrets: NotRequired[list[pulumi.Input[str]]]
    """Names of Secrets that the image is pulled with."""
    log_level: NotRequired[pulumi.Input[str]]
    """`debug`, which logs requests with their headers, `info` (the default), `warn`, `error` or `fatal`."""
    extra_env: NotRequired[list[Any]]
    """Further environment variables, as in a container's `env`."""
    extra_volumes: NotRequired[list[VolumeArgs]]
    """Further volumes, such as the certificate authority of an origin."""
    scheduling: NotRequired[dict[str, Any]]
    """Where pods run, as in a pod's spec: nodeSelector, tolerations, affinity, priorityClassName and
    topologySpreadConstraints, the last in place of the default: over nodes, as far as there are any."""
    after: NotRequired[pulumi.Input[list[Any]]]
    """Resources to be there before the first pod is, and to stay until the last one is gone: the network policy, or it
    would run unfenced, and the tunnel's rules, or it would answer 503."""
    replaced_with: NotRequired[list[Any]]
    """Resources that cannot be replaced while a connector runs: the tunnel, which Cloudflare does not delete as long as it
    is connected (error 1022). The pods go before it does, and come back after."""


class Connector(pulumi.ComponentResource):
    """cloudflared, holding the tunnel open from inside the cluster.

    Creates a Secret (or what `token_delivery` asks for), a Deployment, a PodDisruptionBudget and a Service for the metrics.
    A rollout makes each new pod ready before an old one goes, and a new token is a new Secret: it is there before the pods
    that read it, and the old one goes after those that did.
    """

    deployment: pulumi.Output[str]
    """Name of the Deployment."""

    def __init__(self, name: str, args: ConnectorArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("culvert:index:Connector", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        labels = {**common_labels(name), **pod_labels(name)}
        token = delivered(name, args, labels, child)
        self.workload = Deployment(
            f"{name}-cloudflared",
            metadata={"name": f"{name}-cloudflared", "namespace": args["namespace"], "labels": labels},
            spec={
                "replicas": args.get("replicas", DEFAULTS.replicas),
                "selector": {"match_labels": pod_labels(name)},
                # At no moment of a rollout are fewer pods ready than asked for.
                "strategy": {"type": "RollingUpdate", "rolling_update": {"max_unavailable": 0, "max_surge": 1}},
                "template": pod_template(name, token, args),
            },
            opts=pulumi.ResourceOptions(
                parent=self,
                # See `after` and `replaced_with`; on the way down the same order in reverse.
                depends_on=args.get("after"),
                replace_with=args.get("replaced_with"),
            ),
        )
        PodDisruptionBudget(
            f"{name}-budget",
            metadata={"namespace": args["namespace"], "labels": labels},
            spec={
                # Not a minimum: it would depend on the replicas, and with one of them no node could be drained.
                "max_unavailable": 1,
                # A pod that serves nothing does not hold up a node's maintenance.
                "unhealthy_pod_eviction_policy": "AlwaysAllow",
                "selector": {"match_labels": pod_labels(name)},
            },
            opts=child,
        )
        Service(
            f"{name}-metrics",
            metadata={"name": f"{name}-metrics", "namespace": args["namespace"], "labels": labels},
            spec={
                # Headless: each pod counts for itself, so a scraper has to see them one by one.
                "cluster_ip": "None",
                "selector": pod_labels(name),
                "ports": [{"name": "metrics", "port": METRICS_PORT, "target_port": "metrics"}],
            },
            opts=child,
        )
        self.deployment = self.workload.metadata["name"]
        self.register_outputs({"deployment": self.deployment})
