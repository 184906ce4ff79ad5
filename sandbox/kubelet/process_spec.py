"""Translation of a connector's pod to a process: its command, environment and files on this machine."""

import contextlib
import json
import re
import socket
import sys
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.kubelet import mount_namespace
from sandbox.kubelet.cluster_api import ClusterApi, Object
from sandbox.kubelet.volumes import VolumeSourceMissing, mount_volumes, read_one_of, read_source

_ENTRY_POINT = ("cloudflared", "--no-autoupdate")
"""Of the official image: https://github.com/cloudflare/cloudflared/blob/master/Dockerfile."""


@dataclass(frozen=True)
class HostEnvironment:
    """What this machine provides to every connector. `edge` and `proxy` are ports on 127.0.0.1."""

    cloudflared: Path
    edge: tuple[int, ...]
    authority: Path
    proxy: int
    hosts: Path | None = None
    """The file that processes see as `/etc/hosts`; None where this machine does not support mount namespaces."""
    rollouts_wait: bool = False
    """Whether rollouts wait for `minReadySeconds`."""


@dataclass(frozen=True)
class ProcessSpec:
    """A process for a pod. `address` is the pod's address: the container's ports on all addresses are opened there."""

    command: list[str]
    environment: dict[str, str]
    address: str
    ports: Mapping[int, int]
    """Ports by the container's port; only where this machine has but one loopback address, so that they must differ."""


def container_of(pod: Object) -> Object:
    """The container named `cloudflared`, else the first."""
    containers = pod["spec"]["containers"]
    return next((container for container in containers if container["name"] == "cloudflared"), containers[0])


async def build_process_spec(api: ClusterApi, pod: Object, folder: Path, host: HostEnvironment) -> ProcessSpec:
    """Writes the pod's files below `folder`; the process that uses them.

    Raises VolumeSourceMissing where a Secret or ConfigMap does not exist.
    """
    container = container_of(pod)
    paths = await mount_volumes(api, pod, container, folder / "volumes")
    declared = await _environment(api, pod, container)
    address, ports = _address(pod, container)

    def translate(text: str) -> str:
        return translate_address(translate_path(text, paths), address, ports)

    command = [translate(part) for part in command_of(container, declared, host.cloudflared)]
    if host.hosts:
        command = in_mount_namespace({**paths, "/etc/hosts": host.hosts}, folder / "root", command)
    environment = {name: translate(value) for name, value in declared.items()}
    return ProcessSpec(command, add_host_settings(environment, pod, folder, host), address, ports)


def in_mount_namespace(mounts: Mapping[str, Path], root: Path, command: list[str]) -> list[str]:
    """The command, run with these files at the container's paths, because ingress rules are not translated."""
    sources = json.dumps({target: str(source) for target, source in mounts.items()})
    return [sys.executable, "-I", mount_namespace.__file__, str(root), sources, *command]


def command_of(container: Object, values: Mapping[str, str], cloudflared: Path) -> list[str]:
    """The container's command with its arguments, and this machine's cloudflared in place of the image's."""
    declared = [*container.get("command", _ENTRY_POINT), *container.get("args", [])]
    program, *arguments = [_expand(part, values) for part in declared]
    return [str(cloudflared) if Path(program).name == "cloudflared" else program, *arguments]


def add_host_settings(environment: dict[str, str], pod: Object, folder: Path, host: HostEnvironment) -> dict[str, str]:
    """The environment, with the settings that lead to this machine's edge, certificate authority and Services."""
    credentials = f"{pod['metadata']['namespace']}:{pod['metadata']['name']}"
    proxy = f"socks5://{credentials}@127.0.0.1:{host.proxy}"
    settings = {
        "TUNNEL_EDGE": ",".join(f"127.0.0.1:{port}" for port in host.edge),
        "TUNNEL_CACERT": str(host.authority),
        # The keys of Access and HTTPS origins are served with certificates of the same authority.
        "SSL_CERT_FILE": str(host.authority),
        "HTTP_PROXY": proxy,
        "HTTPS_PROXY": proxy,
        # The prechecks dial Cloudflare's real addresses, which may be out of reach.
        "TUNNEL_NO_PRECHECKS": "true",
        "HOME": str(folder),
    }
    return {**environment, **settings}


async def _environment(api: ClusterApi, pod: Object, container: Object) -> dict[str, str]:
    values: dict[str, str] = {}
    for source in container.get("envFrom", []):
        content = await read_one_of(api, pod, source.get("secretRef"), source.get("configMapRef"))
        prefix = source.get("prefix", "")
        values |= {f"{prefix}{key}": value.decode() for key, value in content.items()}
    for variable in container.get("env", []):
        source = variable.get("valueFrom")
        value = await _value_from(api, pod, source) if source else _expand(variable.get("value", ""), values)
        if value is not None:
            values[variable["name"]] = value
    return values


async def _value_from(api: ClusterApi, pod: Object, source: Object) -> str | None:
    if "fieldRef" in source:
        return pod_field(pod, source["fieldRef"]["fieldPath"])
    reference = source.get("secretKeyRef") or source.get("configMapKeyRef")
    if reference is None:
        return "0"  # resourceFieldRef: a process of this machine has no resource limits
    content = await read_source(api, pod, "secrets" if "secretKeyRef" in source else "configmaps", reference)
    if reference["key"] in content:
        return content[reference["key"]].decode()
    if reference.get("optional"):
        return None
    raise VolumeSourceMissing(f"{reference['name']} has no key {reference['key']}")


def pod_field(pod: Object, path: str) -> str:
    """A field of the pod by its path in `fieldRef` (`metadata.labels['app']`, `status.podIP`); empty where absent."""
    steps = [step or key for step, key in re.findall(r"([^.\[\]']+)(?=\.|\[|$)|\['([^']*)'\]", path)]
    value: Any = pod
    for step in steps:
        value = value.get(step, {}) if isinstance(value, dict) else {}
    return str(value) if value != {} else ""


def _expand(text: str, values: Mapping[str, str]) -> str:
    """Replaces `$(NAME)` where the name is known and `$$(NAME)` by `$(NAME)`, as Kubernetes does."""

    def replace(match: re.Match[str]) -> str:
        return match[0][1:] if match[0].startswith("$$") else values.get(match[1], match[0])

    return re.sub(r"\$?\$\(([^)]+)\)", replace, text)


def translate_path(text: str, paths: Mapping[str, Path]) -> str:
    """A mounted path of the container, as a whole value or after `NAME=`, as its path on this machine."""
    for mount_path in sorted(paths, key=len, reverse=True):
        match = re.fullmatch(rf"((?:[^/=]*=)?){re.escape(mount_path.rstrip('/'))}(/.*)?", text)
        if match:
            return f"{match[1]}{paths[mount_path]}{match[2] or ''}"
    return text


def translate_address(text: str, address: str, ports: Mapping[int, int]) -> str:
    """`0.0.0.0:PORT`, `[::]:PORT` or `:PORT`, as a whole value or after `NAME=`, with the pod's address."""
    match = re.fullmatch(r"((?:[^/=]*=)?)(?:0\.0\.0\.0|\[::\])?:(\d+)", text)
    return f"{match[1]}{address}:{ports.get(int(match[2]), int(match[2]))}" if match else text


def _address(pod: Object, container: Object) -> tuple[str, dict[int, int]]:
    """A loopback address for this pod; where this machine has only 127.0.0.1, that one and free ports."""
    container_ports = [port["containerPort"] for port in container.get("ports", [])]
    digest = zlib.crc32(pod["metadata"]["uid"].encode())
    address = f"127.{64 + digest % 64}.{digest >> 8 & 255}.{1 + (digest >> 16) % 254}"
    with contextlib.suppress(OSError):
        for port in container_ports:
            _bindable_port(address, port)
        return address, {}
    return "127.0.0.1", {port: _bindable_port("127.0.0.1", 0) for port in container_ports}


def _bindable_port(address: str, port: int) -> int:
    """The port, or a free one for 0. Raises OSError where it cannot be bound."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((address, port))
        return probe.getsockname()[1]
