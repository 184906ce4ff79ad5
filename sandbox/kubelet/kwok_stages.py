"""Telling KWOK to leave the connector's pods to us."""

from typing import Any

import yaml

LABEL, VALUE = "app.kubernetes.io/name", "cloudflared"
"""What the connector's pods are known by (`components/naming.py`)."""

_KEY = f'.metadata.labels["{LABEL}"]'
# Addresses come from KWOK, which hands them out for all pods; everything else of the status is ours.
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


def without_connectors(stages: str) -> str:
    """KWOK's stages, changed so that the connector's pods get their addresses from it and nothing else."""
    documents = list(yaml.safe_load_all(stages))
    for document in documents:
        if document["spec"]["resourceRef"]["kind"] == "Pod":
            document["spec"]["selector"]["matchExpressions"].append(
                {"key": _KEY, "operator": "NotIn", "values": [VALUE]}
            )
    return yaml.safe_dump_all([*documents, _addresses()])


def _addresses() -> dict[str, Any]:
    when = [
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
            "selector": {"matchExpressions": when},
            "next": {"statusTemplate": _ADDRESSES},
        },
    }
