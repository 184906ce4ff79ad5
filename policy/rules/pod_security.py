"""Rule: pods meet the restricted Pod Security standard.

https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted, as the API server of Kubernetes 1.36
applies it. A namespace with that label rejects such pods too, but only during the update, and still accepts their
Deployment.
"""

from collections.abc import Iterator
from typing import Any

from policy.pods import Pod, pod_of
from policy.property_paths import UNKNOWN, as_list, entries, get_path, known
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


def _validate(resource: Resource, _: Stack, __: Options) -> Iterator[str]:
    pod = pod_of(resource)
    if pod is None or UNKNOWN in (pod.spec, get_path(pod.spec, "securityContext")):
        return
    yield from _pod_violations(pod)
    context = get_path(pod.spec, "securityContext")
    for name, container in pod.containers:
        if get_path(container, "securityContext") is not UNKNOWN:
            yield from (
                f"container {name} {what}" for what in (*_privileges(container), *_identity(container, context))
            )
            yield from (f"container {name} {what}" for what in (*_host(container), *_profiles(container)))


def _pod_violations(pod: Pod) -> Iterator[str]:
    for setting in ("hostNetwork", "hostPID", "hostIPC"):
        if get_path(pod.spec, setting) is True:
            yield f"has {setting}"
    for volume in as_list(get_path(pod.spec, "volumes")):
        sources = {key for key, value in entries(volume) if key != "name" and value is not None}
        if not sources <= VOLUMES:
            yield f"has a volume of kind {', '.join(sorted(sources - VOLUMES))}"
    for sysctl in as_list(get_path(pod.spec, "securityContext", "sysctls")):
        if get_path(sysctl, "name") not in (*SYSCTLS, UNKNOWN):
            yield f"sets the sysctl {get_path(sysctl, 'name')}"
    for key, value in entries(get_path(pod.metadata, "annotations")):
        allowed = value is UNKNOWN or str(value).startswith(("runtime/default", "localhost/"))
        if key.startswith(APPARMOR) and not allowed:
            yield f"has the AppArmor profile {value}"
    yield from (f"{what} for all containers" for what in _profiles(pod.spec))


def _privileges(container: Any) -> Iterator[str]:
    context = get_path(container, "securityContext")
    if get_path(context, "privileged") is True:
        yield "is privileged"
    if get_path(context, "allowPrivilegeEscalation") not in (False, UNKNOWN):
        yield "does not set allowPrivilegeEscalation to false"
    dropped, added = get_path(context, "capabilities", "drop"), as_list(get_path(context, "capabilities", "add"))
    if known(dropped) and "ALL" not in as_list(dropped):
        yield "does not drop ALL capabilities"
    if more := [capability for capability in added if capability not in ("NET_BIND_SERVICE", UNKNOWN)]:
        yield f"adds the capabilities {', '.join(more)}"
    if get_path(context, "procMount") not in ("Default", *UNSET):
        yield "has an unmasked /proc"


def _identity(container: Any, of_pod: Any) -> Iterator[str]:
    # The pod's own value must be allowed even if every container overrides it.
    own = get_path(container, "securityContext")
    if not _allowed(get_path(own, "runAsNonRoot"), get_path(of_pod, "runAsNonRoot"), (True,)):
        yield "may run as root: runAsNonRoot is not true"
    if 0 in (get_path(own, "runAsUser"), get_path(of_pod, "runAsUser")):
        yield "runs as user 0"
    if not _allowed(get_path(own, "seccompProfile", "type"), get_path(of_pod, "seccompProfile", "type"), PROFILES):
        yield "has no seccomp profile RuntimeDefault or Localhost"


def _allowed(own: Any, of_pod: Any, accepted: tuple[Any, ...]) -> bool:
    return (own, of_pod) != (None, None) and all(value in (None, UNKNOWN, *accepted) for value in (own, of_pod))


def _host(container: Any) -> Iterator[str]:
    for port in as_list(get_path(container, "ports")):
        if get_path(port, "hostPort") not in (0, *UNSET):
            yield f"uses host port {get_path(port, 'hostPort'):g}"
    for handler in HANDLERS:
        if any(get_path(container, *handler, kind, "host") not in UNSET for kind in ("httpGet", "tcpSocket")):
            yield f"sets a host in its {handler[-1]}"


def _profiles(where: Any) -> Iterator[str]:
    """Violations that a container's and a pod's security context share."""
    context = get_path(where, "securityContext")
    if get_path(context, "appArmorProfile", "type") not in (*UNSET, *PROFILES):
        yield "disables AppArmor"
    options = get_path(context, "seLinuxOptions")
    chosen = [get_path(options, key) for key in ("user", "role") if get_path(options, key) not in UNSET]
    if chosen or get_path(options, "type") not in (*UNSET, *SELINUX_TYPES):
        yield "sets an SELinux user, role or type"
    if get_path(context, "windowsOptions", "hostProcess") is True:
        yield "is a Windows HostProcess container"


POD_SECURITY = Rule(
    name="pods-are-restricted",
    description="Every pod meets Kubernetes' restricted Pod Security standard.",
    remedy="Change the field that the message names in the pod template. The API server applies the same standard in "
    "a namespace labelled pod-security.kubernetes.io/enforce: restricted.",
    validate=_validate,
    scope="resource",
)
