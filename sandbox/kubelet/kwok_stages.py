"""KWOK stages that leave the connector's pods to the sandbox's kubelet."""

import yaml

from sandbox.cluster.kwok_stages import ADDRESSES, stage

LABEL, VALUE = "app.kubernetes.io/name", "cloudflared"
"""The label of the connector's pods (`components/naming.py`)."""

_KEY = f'.metadata.labels["{LABEL}"]'


def exclude_connector_pods(stages: str) -> str:
    """KWOK's stages, changed so that KWOK gives the connector's pods their addresses and nothing else."""
    documents = list(yaml.safe_load_all(stages))
    for document in documents:
        if document["spec"]["resourceRef"]["kind"] == "Pod":
            document["spec"]["selector"]["matchExpressions"].append(
                {"key": _KEY, "operator": "NotIn", "values": [VALUE]}
            )
    conditions = [
        {"key": _KEY, "operator": "In", "values": [VALUE]},
        {"key": ".metadata.deletionTimestamp", "operator": "DoesNotExist"},
        {"key": ".status.podIP", "operator": "DoesNotExist"},
    ]
    template = f"startTime: {{{{ Now | Quote }}}}\n{ADDRESSES}"
    addresses = stage("Pod", "connector-addresses", conditions, {"statusTemplate": template})
    return yaml.safe_dump_all([*documents, addresses])
