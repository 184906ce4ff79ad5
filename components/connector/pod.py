"""Pod template of the connector.

The environment variables below are cloudflared's flags:
https://github.com/cloudflare/cloudflared/blob/master/cmd/cloudflared/tunnel/cmd.go.
"""

from typing import TYPE_CHECKING, Any

from components.connector.args import ConnectorArgs
from components.connector.token_secret import TokenSecret
from components.naming import common_labels_with, pod_labels
from components.network_policy.flows import METRICS_PORT
from settings import ConnectorOptions

if TYPE_CHECKING:
    from pulumi_kubernetes.core.v1 import (
        ContainerArgsDict,
        EnvVarArgsDict,
        PodSecurityContextArgsDict,
        PodSpecArgsDict,
        PodTemplateSpecArgsDict,
        ProbeArgsDict,
        VolumeArgsDict,
    )
    from pulumi_kubernetes.meta.v1 import ObjectMetaArgsDict

TOKEN_FOLDER = "/etc/culvert/token"  # noqa: S105
TOKEN_VOLUME = "culvert-token"  # noqa: S105
# The image's user, by number: Kubernetes cannot tell from a name that it is not root.
USER = 65532
STARTUP_SECONDS = 300
"""How long a pod may take to connect: where UDP is blocked, falling back from QUIC takes two and a half minutes."""
DEFAULTS = ConnectorOptions()
"""Defaults of a connector, in stack files and in programs in other languages."""


def pod_template(instance: str, token: TokenSecret, args: ConnectorArgs) -> "PodTemplateSpecArgsDict":
    """Template of the pods of the exposure `instance`, which read their token from a mounted Secret.

    Conforms to the restricted Pod Security Standard.
    """
    scheduling: Any = {**args.get("scheduling", {})}
    # Readable by the group, which fsGroup makes the image user's.
    secret: VolumeArgsDict = {"name": TOKEN_VOLUME, "secret": {"secret_name": token.name, "default_mode": 0o440}}
    spec: PodSpecArgsDict = {
        "containers": [_container(token, args)],
        "volumes": [secret, *(extra["volume"] for extra in args.get("extra_volumes", []))],
        # cloudflared needs some seconds to deregister its connections after the grace period.
        "termination_grace_period_seconds": _grace_period(args) + 15,
        "security_context": _pod_security(args),
        "automount_service_account_token": False,
        # Otherwise a Service whose name starts with `tunnel` would set TUNNEL_… variables.
        "enable_service_links": False,
        "topology_spread_constraints": _spread(instance, scheduling.pop("topologySpreadConstraints", None)),
    }
    spec.update(scheduling)
    if dns := args.get("dns_config"):
        spec["dns_config"] = dns
    if aliases := args.get("host_aliases"):
        spec["host_aliases"] = aliases
    if pull := args.get("image_pull_secrets"):
        spec["image_pull_secrets"] = [{"name": name} for name in pull]
    # Last, so that extra labels cannot override the ones that selectors match.
    labels = {**args.get("pod_labels", {}), **common_labels_with(pod_labels(instance))}
    metadata: ObjectMetaArgsDict = {"labels": labels}
    if annotations := {**args.get("pod_annotations", {}), **token.annotations}:
        metadata["annotations"] = annotations
    return {"metadata": metadata, "spec": spec}


def _pod_security(args: ConnectorArgs) -> "PodSecurityContextArgsDict":
    context: PodSecurityContextArgsDict = {"run_as_non_root": True, "seccomp_profile": {"type": "RuntimeDefault"}}
    if args.get("fixed_user", True):
        context.update({"run_as_user": USER, "run_as_group": USER, "fs_group": USER})
    if args.get("ping"):
        # Every group: OpenShift chooses the pods' one. A safe sysctl, which restricted namespaces allow.
        context["sysctls"] = [{"name": "net.ipv4.ping_group_range", "value": "0 2147483647"}]
    return context


def _container(token: TokenSecret, args: ConnectorArgs) -> "ContainerArgsDict":
    return {
        "name": "cloudflared",
        "image": args.get("image", DEFAULTS.image.reference),
        # Options are environment variables. The token is in neither: pod specs and process lists show both.
        "args": ["tunnel", "run"],
        "env": [
            {"name": "TUNNEL_TOKEN_FILE", "value": f"{TOKEN_FOLDER}/{token.key}"},
            {"name": "TUNNEL_METRICS", "value": f"0.0.0.0:{METRICS_PORT}"},
            {"name": "TUNNEL_TRANSPORT_PROTOCOL", "value": args.get("protocol", DEFAULTS.protocol)},
            {"name": "TUNNEL_GRACE_PERIOD", "value": f"{_grace_period(args)}s"},
            {"name": "TUNNEL_LOGLEVEL", "value": args.get("log_level", DEFAULTS.log_level)},
            {"name": "TUNNEL_LOG_OUTPUT", "value": args.get("log_format", DEFAULTS.log_format)},
            # On by default, and would serve pprof profiles and metrics to every member of the Cloudflare account.
            {"name": "TUNNEL_MANAGEMENT_DIAGNOSTICS", "value": "false"},
            *_optional_env(args),
            *args.get("extra_env", []),
        ],
        "ports": [{"name": "metrics", "container_port": METRICS_PORT}],
        # Each second: cloudflared connects within one or two, and a rollout waits for each pod.
        "startup_probe": {**_probe("/ready"), "period_seconds": 1, "failure_threshold": STARTUP_SECONDS},
        "readiness_probe": {**_probe("/ready"), "period_seconds": 5, "failure_threshold": 3},
        # Not /ready: an unreachable edge would restart every pod again and again, and help nothing.
        "liveness_probe": {**_probe("/healthcheck"), "period_seconds": 10, "failure_threshold": 3},
        "resources": args.get("resources", DEFAULTS.resources),
        "security_context": {
            "allow_privilege_escalation": False,
            "read_only_root_filesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volume_mounts": [
            {"name": TOKEN_VOLUME, "mount_path": TOKEN_FOLDER, "read_only": True},
            *(extra["mount"] for extra in args.get("extra_volumes", [])),
        ],
    }


def _optional_env(args: ConnectorArgs) -> "list[EnvVarArgsDict]":
    """Variables of options for which cloudflared has a default of its own."""
    options: dict[str, Any] = {
        "TUNNEL_EDGE_IP_VERSION": args.get("edge_ip_version"),
        "TUNNEL_REGION": args.get("region"),
        "TUNNEL_POST_QUANTUM": "true" if args.get("post_quantum") else None,
    }
    return [{"name": name, "value": value} for name, value in options.items() if value is not None]


def _grace_period(args: ConnectorArgs) -> int:
    return args.get("grace_period_seconds", DEFAULTS.grace_period_seconds)


def _probe(path: str) -> "ProbeArgsDict":
    return {"http_get": {"path": path, "port": "metrics"}, "timeout_seconds": 5}


def _spread(instance: str, constraints: list[dict[str, Any]] | None) -> Any:
    over_nodes = {
        "maxSkew": 1,
        "topologyKey": "kubernetes.io/hostname",
        # Two pods on one node are better than one pod.
        "whenUnsatisfiable": "ScheduleAnyway",
        # Otherwise the old pods of a rollout would count too, and the new ones would end up on one node.
        "matchLabelKeys": ["pod-template-hash"],
    }
    # A constraint without a selector counts no pods, so it has no effect.
    selector = {"labelSelector": {"matchLabels": pod_labels(instance)}}
    return [{**selector, **constraint} for constraint in constraints or [over_nodes]]
