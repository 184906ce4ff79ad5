"""KWOK stages that leave the connector's pods to the sandbox's kubelet."""

from typing import Any

import yaml

LABEL, VALUE = "app.kubernetes.io/name", "cloudflared"
"""The label of the connector's pods (`components/naming.py`)."""

_KEY = f'.metadata.labels["{LABEL}"]'
# KWOK assigns the addresses of all pods; everything else of the status is the kubelet's.
_ADDRESSES = """
startTime: {{ Now | Quote }}
{{ $hosts := NodeIPsWith .spec.nodeName }}
{{ with $hosts }}
hostIP: {{ index . 0 | Quote }}
hostIPs:
{{ range . }}
- ip: {{ . | Quote }}
{{ end }}
{{ end }}
{{ $ips := PodIPsWith .spec.nodeName false .metadata.uid .metadata.name .metadata.namespace }}
{{ with $ips }}
podIP: {{ index . 0 | Quote }}
podIPs:
{{ range . }}
- ip: {{ . | Quote }}
{{ end }}
{{ end }}
"""


def exclude_connector_pods(stages: str) -> str:
    """KWOK's stages, changed so that KWOK gives the connector's pods their addresses and nothing else."""
    documents = list(yaml.safe_load_all(stages))
    for document in documents:
        if document["spec"]["resourceRef"]["kind"] == "Pod":
            document["spec"]["selector"]["matchExpressions"].append(
                {"key": _KEY, "operator": "NotIn", "values": [VALUE]}
            )
    return yaml.safe_dump_all([*documents, _address_stage()])


def _address_stage() -> dict[str, Any]:
    conditions = [
        {"key": _KEY, "operator": "In", "values": [VALUE]},
        {"key": ".metadata.deletionTimestamp", "operator": "DoesNotExist"},
        {"key": ".status.podIP", "operator": "DoesNotExist"},
    ]
    return {
        "apiVersion": "kwok.x-k8s.io/v1alpha1",
        "kind": "Stage",
        "metadata": {"name": "connector-addresses"},
        "spec": {
            "resourceRef": {"apiGroup": "v1", "kind": "Pod"},
            "selector": {"matchExpressions": conditions},
            "next": {"statusTemplate": _ADDRESSES},
        },
    }
