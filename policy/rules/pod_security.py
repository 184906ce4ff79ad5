"""Pods pass the restricted Pod Security standard.

https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted, as the API server of version 1.36 applies it. A
namespace that is labelled so has the API server refuse such pods too, but only once the update is under way, and a Deployment
whose pods are refused is accepted all the same.
"""

from collections.abc import Iterator
from typing import Any

from policy.pods import Pod, pod_of
from policy.property_paths import UNKNOWN, at, each, entries, known
from policy.rule import Options, Rule
from policy.stack import Resource, Stack

VOLUMES = {
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "image",
    "persistentVolumeClaim",
    "projected",
    "secret",
}
SYSCTLS = {
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ping_group_range",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.tcp_wmem",
}
SELINUX_TYPES = {"container_t", "container_init_t", "container_kvm_t", "container_engine_t"}
APPARMOR = "container.apparmor.security.beta.kubernetes.io/"
PROFILES = ("RuntimeDefault", "Localhost")
UNSET = (None, "", UNKNOWN)
HANDLERS = (
    ("livenessProbe",),
    ("readinessProbe",),
    ("startupProbe",),
    ("lifecycle", "postStart"),
    ("lifecycle", "preStop"),
)


def _judge(resource: Resource, _: Stack, __: Options) -> Iterator[str]:
    pod = pod_of(resource)
    if pod is None or UNKNOWN in (pod.spec, at(pod.spec, "securityContext")):
        return
    yield from _of_pod(pod)
    context = at(pod.spec, "securityContext")
    for name, container in pod.containers:
        if at(container, "securityContext") is not UNKNOWN:
            yield from (
                f"container {name} {what}" for what in (*_privileges(container), *_identity(container, context))
            )
            yield from (f"container {name} {what}" for what in (*_host(container), *_profiles(container)))


def _of_pod(pod: Pod) -> Iterator[str]:
    for setting in ("hostNetwork", "hostPID", "hostIPC"):
        if at(pod.spec, setting) is True:
            yield f"has {setting}"
    for volume in each(at(pod.spec, "volumes")):
        sources = {key for key, value in entries(volume) if key != "name" and value is not None}
        if not sources <= VOLUMES:
            yield f"has a volume of kind {', '.join(sorted(sources - VOLUMES))}"
    for sysctl in each(at(pod.spec, "securityContext", "sysctls")):
        if at(sysctl, "name") not in (*SYSCTLS, UNKNOWN):
            yield f"sets the sysctl {at(sysctl, 'name')}"
    for key, value in entries(at(pod.metadata, "annotations")):
        allowed = value is UNKNOWN or str(value).startswith(("runtime/default", "localhost/"))
        if key.startswith(APPARMOR) and not allowed:
            yield f"has the AppArmor profile {value}"
    yield from (f"{what} for all of its containers" for what in _profiles(pod.spec))


def _privileges(container: Any) -> Iterator[str]:
    context = at(container, "securityContext")
    if at(context, "privileged") is True:
        yield "is privileged"
    if at(context, "allowPrivilegeEscalation") not in (False, UNKNOWN):
        yield "does not set allowPrivilegeEscalation to false"
    dropped, added = at(context, "capabilities", "drop"), each(at(context, "capabilities", "add"))
    if known(dropped) and "ALL" not in each(dropped):
        yield "does not drop ALL capabilities"
    if more := [capability for capability in added if capability not in ("NET_BIND_SERVICE", UNKNOWN)]:
        yield f"adds the capabilities {', '.join(more)}"
    if at(context, "procMount") not in ("Default", *UNSET):
        yield "has a /proc that is not masked"


def _identity(container: Any, of_pod: Any) -> Iterator[str]:
    # A pod's own setting must be good even where each container has a better one.
    own = at(container, "securityContext")
    if not _good(at(own, "runAsNonRoot"), at(of_pod, "runAsNonRoot"), (True,)):
        yield "may run as root: runAsNonRoot is not true"
    if 0 in (at(own, "runAsUser"), at(of_pod, "runAsUser")):
        yield "runs as user 0"
    if not _good(at(own, "seccompProfile", "type"), at(of_pod, "seccompProfile", "type"), PROFILES):
        yield "has no seccomp profile RuntimeDefault or Localhost"


def _good(own: Any, of_pod: Any, accepted: tuple[Any, ...]) -> bool:
    return (own, of_pod) != (None, None) and all(value in (None, UNKNOWN, *accepted) for value in (own, of_pod))


def _host(container: Any) -> Iterator[str]:
    for port in each(at(container, "ports")):
        if at(port, "hostPort") not in (0, *UNSET):
            yield f"takes port {at(port, 'hostPort'):g} of its node"
    for handler in HANDLERS:
        if any(at(container, *handler, kind, "host") not in UNSET for kind in ("httpGet", "tcpSocket")):
            yield f"names a host in its {handler[-1]}"


def _profiles(where: Any) -> Iterator[str]:
    """What a container's security context and a pod's have in common."""
    context = at(where, "securityContext")
    if at(context, "appArmorProfile", "type") not in (*UNSET, *PROFILES):
        yield "turns AppArmor off"
    options = at(context, "seLinuxOptions")
    chosen = [at(options, key) for key in ("user", "role") if at(options, key) not in UNSET]
    if chosen or at(options, "type") not in (*UNSET, *SELINUX_TYPES):
        yield "chooses its SELinux user, role or type"
    if at(context, "windowsOptions", "hostProcess") is True:
        yield "is a process of its Windows node"


POD_SECURITY = Rule(
    name="pods-are-restricted",
    says="Every pod passes Kubernetes' restricted Pod Security standard: no root, no privileges, nothing of the node.",
    remedy="Set what the message names in the pod's template; the API server's own check says the same of a namespace labelled "
    "pod-security.kubernetes.io/enforce: restricted.",
    judge=_judge,
    when="alone",
)
