"""An ephemeral container that probes targets from inside a connector's pod, as `kubectl debug` does.

The pod's status keeps the finished container until the pod is replaced: Kubernetes has no way to remove it.
"""

import secrets
import shlex
import time

from clients.errors import CheckUnavailable
from clients.kubernetes import KubernetesApi, Object
from components.connector.pod import USER
from components.network_policy.flows import METRICS_PORT
from ops.expected_stack import ExpectedStack
from ops.verify.probe_targets import Target, dns_name
from settings.types.dns import CLUSTER_DOMAIN

IMAGE = "docker.io/library/busybox:1.37.0"
CONTROL, DNS = "control", "dns"
_PREFIX = "culvert"
_TIMEOUT = 120.0
"""Seconds to pull the image and probe the targets."""
_FATAL_REASONS = ("ErrImage", "ImagePull", "InvalidImage", "CreateContainer", "RunContainer")


def script(targets: list[Target], domain: str = CLUSTER_DOMAIN) -> str:
    """A shell script that probes all targets at once and prints for each `culvert <index> answers` or `… silent`.

    The control is the connector's own metrics port, which its pod always reaches: if that is silent, the image cannot
    probe.
    """
    probes = [f"try {CONTROL} nc -z -w 3 127.0.0.1 {METRICS_PORT} &", f"try {DNS} look_up {dns_name(domain)} &"]
    probes += [f"try {index} {command(target)} &" for index, target in enumerate(targets)]
    return "\n".join(
        [
            f'try() {{ what=$1; shift; if "$@" >/dev/null 2>&1; then echo "{_PREFIX} $what answers"; '
            f'else echo "{_PREFIX} $what silent"; fi; }}',
            # Not every build supports -type; those that do not treat a missing IPv6 address as a failure.
            'look_up() { nslookup -type=a "$1" || nslookup "$1"; }',
            *probes,
            "wait",
        ]
    )


def command(target: Target) -> str:
    """The command that probes one target: its exit status is 0 if it answers."""
    return f"nc -z -w 3 {shlex.quote(target.host)} {target.port}"


def container(image: str, targets: list[Target], domain: str = CLUSTER_DOMAIN) -> Object:
    """The ephemeral container, which complies with the restricted Pod Security Standard."""
    return {
        "name": f"culvert-verify-{secrets.token_hex(4)}",
        "image": image,
        "command": ["sh", "-c", script(targets, domain)],
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": USER,
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
            "seccompProfile": {"type": "RuntimeDefault"},
        },
    }


def probe(
    api: KubernetesApi,
    namespace: str,
    pod: str,
    image: str,
    targets: list[Target],
    domain: str = CLUSTER_DOMAIN,
) -> dict[str, bool]:
    """Whether each target answered, by its index, besides `control` and `dns`.

    Raises CheckUnavailable if the container does not run.
    """
    path, ephemeral = f"/api/v1/namespaces/{namespace}/pods/{pod}", container(image, targets, domain)
    api.patch(f"{path}/ephemeralcontainers", {"spec": {"ephemeralContainers": [ephemeral]}})
    deadline = time.monotonic() + _TIMEOUT
    while not _has_finished(api.get(path), ephemeral["name"], image):
        if time.monotonic() > deadline:
            reason = f"the container in {pod} did not finish within {_TIMEOUT:.0f} s"
            raise CheckUnavailable(reason, f"kubectl describe pod {pod}")
        time.sleep(1)
    return parse(api.text("GET", f"{path}/log", {"container": ephemeral["name"]}))


def _has_finished(pod: Object, name: str, image: str) -> bool:
    statuses = pod.get("status", {}).get("ephemeralContainerStatuses") or []
    state = next((status.get("state") or {} for status in statuses if status["name"] == name), {})
    waiting = state.get("waiting") or {}
    if str(waiting.get("reason", "")).startswith(_FATAL_REASONS):
        detail = f"{waiting['reason']} {waiting.get('message', '')}".strip()
        remedy = "use an image that the cluster can pull, with sh, nc and nslookup: --image"
        raise CheckUnavailable(f"the image {image} does not start in the pod: {detail}", remedy)
    return "terminated" in state


def parse(log: str) -> dict[str, bool]:
    """The results in the container's log; other lines are ignored."""
    lines = [line.split() for line in log.splitlines()]
    return {line[1]: line[2] == "answers" for line in lines if len(line) == 3 and line[0] == _PREFIX}


def manual_commands(stack: ExpectedStack, image: str, targets: list[Target]) -> str:
    """The same probes for a shell: how to open one in the pod, and what to run there."""
    labels = ",".join(f"{key}={value}" for key, value in stack.labels.items())
    namespace = stack.namespace
    lines = [
        f"pod=$(kubectl get pods -n {namespace} -l {labels} -o name | head -n 1)",
        f'kubectl debug -n {namespace} -it "$pod" --image={shlex.quote(image)} --profile=restricted -- sh',
        "",
        "# in that shell, should succeed:",
        f"nslookup {dns_name(stack.settings.cluster_domain)}",
        *(f"{command(target)}; echo $?   # {target.description}: 0" for target in targets if target.allowed),
        "",
        "# should fail:",
        *(f"{command(target)}; echo $?   # {target.description}: not 0" for target in targets if not target.allowed),
    ]
    return "\n".join(lines)
