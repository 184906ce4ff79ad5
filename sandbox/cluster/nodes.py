"""Nodes and pods that exist in the API alone: nothing runs on them, yet deployments roll out and deletions finish."""

from typing import Any

import yaml

ZONES = ("a", "b", "c")


def nodes(version: str) -> list[dict[str, Any]]:
    """Three nodes, each in a zone of its own, as the kubelet would register them: ready, with room for everything.

    `version` is what they report as their kubelet's (`v1.36.3`). Pod addresses are dual-stack, as the services' are.
    """
    return [_node(number, zone, version) for number, zone in enumerate(ZONES, start=1)]


def _node(number: int, zone: str, version: str) -> dict[str, Any]:
    name = f"sandbox-{zone}"
    room = {"cpu": "64", "memory": "256Gi", "ephemeral-storage": "1Ti", "pods": "250"}
    healthy = {"reason": "Sandbox", "message": "a node without a machine"}
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
            "capacity": room,
            "allocatable": room,
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


# What a kubelet reports once every container has started; init containers have done their part, unless they are sidecars.
_RUNNING = """
{{ $now := Now }}
phase: Running
startTime: {{ $now | Quote }}
conditions:
{{ range $type := list "PodReadyToStartContainers" "Initialized" "ContainersReady" "Ready" }}
- {type: {{ $type }}, status: "True", lastTransitionTime: {{ $now | Quote }}}
{{ end }}
{{ range .spec.readinessGates }}
- {type: {{ .conditionType | Quote }}, status: "True", lastTransitionTime: {{ $now | Quote }}}
{{ end }}
containerStatuses:
{{ range .spec.containers }}
- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
  imageID: ""
  ready: true
  started: true
  restartCount: 0
  state: {running: {startedAt: {{ $now | Quote }}}}
{{ end }}
initContainerStatuses:
{{ range .spec.initContainers }}
- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
  imageID: ""
  ready: true
  restartCount: 0
  {{ if eq (or .restartPolicy "") "Always" }}
  started: true
  state: {running: {startedAt: {{ $now | Quote }}}}
  {{ else }}
  state: {terminated: {exitCode: 0, reason: Completed, startedAt: {{ $now | Quote }}, finishedAt: {{ $now | Quote }}}}
  {{ end }}
{{ end }}
{{ $hosts := NodeIPsWith .spec.nodeName }}
{{ with $hosts }}
hostIP: {{ index . 0 | Quote }}
hostIPs:
{{ range . }}
- ip: {{ . | Quote }}
{{ end }}
{{ end }}
{{ $ips := PodIPsWith .spec.nodeName (or .spec.hostNetwork false) (or .metadata.uid "") (or .metadata.name "") (or .metadata.namespace "") }}
{{ with $ips }}
podIP: {{ index . 0 | Quote }}
podIPs:
{{ range . }}
- ip: {{ . | Quote }}
{{ end }}
{{ end }}
"""


def stages() -> str:
    """KWOK's configuration (YAML documents): a scheduled pod runs at once, a deleted one ends at once.

    Nodes are registered ready, and the controller that would doubt it for want of heartbeats is off: nothing is written
    while the sandbox idles, and a machine that slept through the night wakes up with its nodes. Their stage never
    applies, but without one KWOK does not look after the pods on them.
    """
    deleted = {"key": ".metadata.deletionTimestamp", "operator": "Exists"}
    pending = [
        {**deleted, "operator": "DoesNotExist"},
        {"key": ".status.phase", "operator": "In", "values": ["Pending"]},
    ]
    nobody = {"key": ".metadata.name", "operator": "DoesNotExist"}
    return yaml.safe_dump_all(
        [
            _stage("Pod", "pod-runs", pending, {"statusTemplate": _RUNNING}),
            _stage("Pod", "pod-ends", [deleted], {"delete": True}),
            _stage("Node", "node-stays", [nobody], {"statusTemplate": "{}"}),
        ]
    )


def _stage(kind: str, name: str, when: list[dict[str, Any]], then: dict[str, Any]) -> dict[str, Any]:
    resource = {"apiGroup": "v1", "kind": kind}
    return {
        "apiVersion": "kwok.x-k8s.io/v1alpha1",
        "kind": "Stage",
        "metadata": {"name": name},
        "spec": {"resourceRef": resource, "selector": {"matchExpressions": when}, "next": then},
    }
