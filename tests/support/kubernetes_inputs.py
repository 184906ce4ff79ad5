"""Inputs of Kubernetes resources, as in a program."""

from typing import Any

NAMESPACE = "kubernetes:core/v1:Namespace"
SECRET = "kubernetes:core/v1:Secret"  # noqa: S105 - a type
CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
SERVICE = "kubernetes:core/v1:Service"
POD = "kubernetes:core/v1:Pod"
DEPLOYMENT = "kubernetes:apps/v1:Deployment"
NETWORK_POLICY = "kubernetes:networking.k8s.io/v1:NetworkPolicy"
POD_DISRUPTION_BUDGET = "kubernetes:policy/v1:PodDisruptionBudget"

LABELS = {"app.kubernetes.io/name": "connector"}


def pod_spec(**more: Any) -> dict[str, Any]:
    """A pod that passes the restricted Pod Security standard."""
    container = {
        "name": "connector",
        "image": "cloudflare/cloudflared:2026.10.0",
        "resources": {"requests": {"cpu": "1000m", "memory": "0.5Gi"}, "limits": {"memory": "1024Mi"}},
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }
    return {
        "automountServiceAccountToken": False,
        "hostNetwork": False,
        "securityContext": {"runAsNonRoot": True, "runAsUser": 65532, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [container],
        **more,
    }


def deployment(namespace: str, replicas: int = 2, labels: dict[str, str] | None = None, **pod: Any) -> dict[str, Any]:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"namespace": namespace, **({"labels": labels} if labels else {})},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": LABELS},
            "template": {"metadata": {"labels": LABELS}, "spec": pod_spec(**pod)},
        },
    }


def config_map(namespace: str, name: str = "", **data: str) -> dict[str, Any]:
    metadata = {"namespace": namespace, **({"name": name} if name else {})}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def service(namespace: str, **spec: Any) -> dict[str, Any]:
    spec = {"selector": LABELS, "ports": [{"port": 80, "targetPort": 2000}], **spec}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"namespace": namespace}, "spec": spec}


def budget(namespace: str) -> dict[str, Any]:
    spec = {"maxUnavailable": 1, "selector": {"matchLabels": LABELS}}
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"namespace": namespace},
        "spec": spec,
    }


def network_policy(namespace: str) -> dict[str, Any]:
    """A network policy with an empty list, which the API server omits from its replies."""
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"namespace": namespace},
        "spec": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"], "ingress": [], "egress": [{}]},
    }
