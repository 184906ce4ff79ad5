"""The nodes of the embedded cluster: objects in the API only, without machines."""

from typing import Any

ZONES = ("a", "b", "c")


def nodes(version: str) -> list[dict[str, Any]]:
    """Three nodes, each in a zone of its own, as a kubelet registers them: ready, with ample capacity.

    `version` is the kubelet version they report (`v1.36.3`). Pod addresses are dual-stack, like those of Services.
    """
    return [_node(number, zone, version) for number, zone in enumerate(ZONES, start=1)]


def _node(number: int, zone: str, version: str) -> dict[str, Any]:
    name = f"sandbox-{zone}"
    capacity = {"cpu": "64", "memory": "256Gi", "ephemeral-storage": "1Ti", "pods": "250"}
    healthy = {"reason": "Sandbox", "message": "simulated node"}
    conditions = {"Ready": "True", "MemoryPressure": "False", "DiskPressure": "False", "PIDPressure": "False"}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "labels": {
                "kubernetes.io/hostname": name,
                "kubernetes.io/os": "linux",
                "kubernetes.io/arch": "amd64",
                "topology.kubernetes.io/region": "sandbox",
                "topology.kubernetes.io/zone": f"sandbox-{zone}",
            },
        },
        "spec": {
            "podCIDR": f"10.244.{number}.0/24",
            "podCIDRs": [f"10.244.{number}.0/24", f"fd00:10:244:{number}::/64"],
        },
        "status": {
            "capacity": capacity,
            "allocatable": capacity,
            "addresses": [
                {"type": "InternalIP", "address": f"172.31.0.{number}"},
                {"type": "Hostname", "address": name},
            ],
            "conditions": [{"type": kind, "status": status, **healthy} for kind, status in conditions.items()],
            "nodeInfo": {
                "architecture": "amd64",
                "operatingSystem": "linux",
                "kubeletVersion": version,
                "kubeProxyVersion": version,
                "containerRuntimeVersion": "none://",
                "kernelVersion": "",
                "osImage": "",
                "bootID": "",
                "machineID": "",
                "systemUUID": "",
            },
        },
    }
