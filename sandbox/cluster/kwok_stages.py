"""The stages that KWOK applies: a scheduled pod runs at once, a deleted pod ends at once."""

from typing import Any

import yaml

ADDRESSES = """
{{ $hosts := NodeIPsWith .spec.nodeName }}
{{ with $hosts }}
hostIP: {{ index . 0 | Quote }}
hostIPs:
{{ range . }}
- ip: {{ . | Quote }}
{{ end }}
{{ end }}
{{ $hostNetwork := or .spec.hostNetwork false }}
{{ $name := or .metadata.name "" }}
{{ $ips := PodIPsWith .spec.nodeName $hostNetwork (or .metadata.uid "") $name (or .metadata.namespace "") }}
{{ with $ips }}
podIP: {{ index . 0 | Quote }}
podIPs:
{{ range . }}
- ip: {{ . | Quote }}
{{ end }}
{{ end }}
"""
"""Status template of a pod's addresses: those of its node, and the pod's own from the node's ranges."""

READY_SINCE = "2000-01-01T00:00:00Z"
"""When a pod becomes ready, as its condition says, where rollouts do not wait for the `minReadySeconds` of their
Deployment: they have nothing to wait for where the emulated edge uses a new connection at once."""

# The status a kubelet reports once every container has started. Init containers have completed, unless they are
# sidecars.
_RUNNING = (
    """
{{ $now := Now }}
phase: Running
startTime: {{ $now | Quote }}
conditions:
{{ range $type := list "PodReadyToStartContainers" "Initialized" "ContainersReady" "Ready" }}
- {type: {{ $type }}, status: "True", lastTransitionTime: READY_SINCE}
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
"""
    + ADDRESSES
)


def stages(*, rollouts_wait: bool = False) -> str:
    """KWOK's configuration, as YAML documents. `rollouts_wait`: rollouts wait for `minReadySeconds`.

    Nodes are registered as ready, and the controller that expects their heartbeats is off. So an idle sandbox writes
    nothing, and its nodes survive a machine's sleep. The nodes' stage never applies, but KWOK ignores pods without one.
    """
    deleted = {"key": ".metadata.deletionTimestamp", "operator": "Exists"}
    pending = [
        {**deleted, "operator": "DoesNotExist"},
        {"key": ".status.phase", "operator": "In", "values": ["Pending"]},
    ]
    ready_since = "{{ $now | Quote }}" if rollouts_wait else f'"{READY_SINCE}"'
    never = {"key": ".metadata.name", "operator": "DoesNotExist"}
    return yaml.safe_dump_all(
        [
            stage("Pod", "pod-runs", pending, {"statusTemplate": _RUNNING.replace("READY_SINCE", ready_since)}),
            stage("Pod", "pod-ends", [deleted], {"delete": True}),
            stage("Node", "node-stays", [never], {"statusTemplate": "{}"}),
        ]
    )


def stage(kind: str, name: str, selector: list[dict[str, Any]], next: dict[str, Any]) -> dict[str, Any]:
    """A Stage: what KWOK does `next` to the objects of a core kind that match the selector's expressions."""
    resource = {"apiGroup": "v1", "kind": kind}
    return {
        "apiVersion": "kwok.x-k8s.io/v1alpha1",
        "kind": "Stage",
        "metadata": {"name": name},
        "spec": {"resourceRef": resource, "selector": {"matchExpressions": selector}, "next": next},
    }
