"""A container that joins a connector's pod for a moment and tries addresses from there, as `kubectl debug` does.

A pod keeps the entry of such a container, ended, until the pod itself is replaced: Kubernetes has no way to remove it.
"""

import secrets
import shlex
import time

from clients.kubernetes import Cluster, Object
from components.connector.pod import USER
from components.network_policy.flows import METRICS_PORT
from ops.verify.expected_stack import Declared
from ops.verify.probe_targets import DNS_NAME, Target
from ops.verify.result import Unread

IMAGE = "docker.io/library/busybox:1.37.0"
CONTROL, DNS = "control", "dns"
_MARK = "culvert"
_PATIENCE = 120.0
"""Seconds for the image to be pulled and the addresses to be tried."""
_HOPELESS = ("ErrImage", "ImagePull", "InvalidImage", "CreateContainer", "RunContainer")


def script(targets: list[Target]) -> str:
    """A shell script that tries all at once and prints a line for each: `culvert <number> answers` or `silent`.

    First the connector's own metrics port, which a pod always reaches: where that is silent, it is the image that cannot try.
    """
    tries = [f"try {CONTROL} nc -z -w 3 127.0.0.1 {METRICS_PORT} &", f"try {DNS} look_up {DNS_NAME} &"]
    tries += [f"try {number} {connect(target)} &" for number, target in enumerate(targets)]
    return "\n".join(
        [
            f'try() {{ what=$1; shift; if "$@" >/dev/null 2>&1; then echo "{_MARK} $what answers"; '
            f'else echo "{_MARK} $what silent"; fi; }}',
            # Only some builds know the type, and the others take a missing IPv6 address for a failure.
            'look_up() { nslookup -type=a "$1" || nslookup "$1"; }',
            *tries,
            "wait",
        ]
    )


def connect(target: Target) -> str:
    """The command that tries one address: exit status 0 where something answers."""
    return f"nc -z -w 3 {shlex.quote(target.host)} {target.port}"


def container(image: str, targets: list[Target]) -> Object:
    """The ephemeral container, under the restricted Pod Security standard."""
    return {
        "name": f"culvert-verify-{secrets.token_hex(4)}",
        "image": image,
        "command": ["sh", "-c", script(targets)],
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": USER,
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
            "seccompProfile": {"type": "RuntimeDefault"},
        },
    }


def try_from(cluster: Cluster, namespace: str, pod: str, image: str, targets: list[Target]) -> dict[str, bool]:
    """Which answered, by `control`, `dns` and the target's number. Raises Unread where the container does not run."""
    path, wanted = f"/api/v1/namespaces/{namespace}/pods/{pod}", container(image, targets)
    cluster.patch(f"{path}/ephemeralcontainers", {"spec": {"ephemeralContainers": [wanted]}})
    deadline = time.monotonic() + _PATIENCE
    while not _ended(cluster.get(path), wanted["name"], image):
        if time.monotonic() > deadline:
            raise Unread(f"the container in {pod} did not end within {_PATIENCE:.0f} s", f"kubectl describe pod {pod}")
        time.sleep(1)
    return read(cluster.text("GET", f"{path}/log", {"container": wanted["name"]}))


def _ended(pod: Object, name: str, image: str) -> bool:
    statuses = pod.get("status", {}).get("ephemeralContainerStatuses") or []
    state = next((each.get("state") or {} for each in statuses if each["name"] == name), {})
    waiting = state.get("waiting") or {}
    if str(waiting.get("reason", "")).startswith(_HOPELESS):
        why = f"the image {image} does not start in the pod: {waiting['reason']} {waiting.get('message', '')}".strip()
        raise Unread(why, "name one that the cluster can pull, with sh, nc and nslookup: --image")
    return "terminated" in state


def read(log: str) -> dict[str, bool]:
    """The script's lines; everything else is left out."""
    lines = [line.split() for line in log.splitlines()]
    return {line[1]: line[2] == "answers" for line in lines if len(line) == 3 and line[0] == _MARK}


def commands(declared: Declared, image: str, targets: list[Target]) -> str:
    """The same by hand: a shell in the pod, and what to type there."""
    labels = ",".join(f"{key}={value}" for key, value in declared.labels.items())
    namespace = declared.namespace
    lines = [
        f"pod=$(kubectl get pods -n {namespace} -l {labels} -o name | head -n 1)",
        f'kubectl debug -n {namespace} -it "$pod" --image={shlex.quote(image)} --profile=restricted -- sh',
        "",
        "# in that shell, should succeed:",
        f"nslookup {DNS_NAME}",
        *(f"{connect(each)}; echo $?   # {each.what}: 0" for each in targets if each.open),
        "",
        "# should fail:",
        *(f"{connect(each)}; echo $?   # {each.what}: not 0" for each in targets if not each.open),
    ]
    return "\n".join(lines)
