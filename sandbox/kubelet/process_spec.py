"""From a connector's pod to a process: what to run, and where paths and addresses of the container lie on this machine."""

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
from sandbox.kubelet.volumes import Missing, configured, keys_of, mount

_ENTRY_POINT = ("cloudflared", "--no-autoupdate")
"""Of the official image: https://github.com/cloudflare/cloudflared/blob/master/Dockerfile."""


@dataclass(frozen=True)
class Surroundings:
    """What this machine adds, by cloudflared's own settings and those of its HTTP client."""

    cloudflared: Path
    edge: tuple[int, ...]
    authority: Path
    proxy: int
    hosts: Path | None = None
    """What processes are to see as `/etc/hosts`; None where this machine gives them no files of their own."""


@dataclass(frozen=True)
class Recipe:
    """`address` stands for the pod's own address: what the container opens on all addresses opens there."""

    command: list[str]
    environment: dict[str, str]
    address: str
    ports: Mapping[int, int]
    """Ports of the container that lie on another one here, where this machine has but one loopback address."""


def container_of(pod: Object) -> Object:
    """The container that runs cloudflared: the one called so, else the first."""
    containers = pod["spec"]["containers"]
    return next((each for each in containers if each["name"] == "cloudflared"), containers[0])


async def prepare(api: ClusterApi, pod: Object, folder: Path, around: Surroundings) -> Recipe:
    """Writes the pod's files below `folder` and gives what to run. Raises Missing where a Secret or ConfigMap is not there."""
    container = container_of(pod)
    paths = await mount(api, pod, container, folder / "volumes")
    declared = await _environment(api, pod, container)
    address, ports = _address(pod, container)

    def here(text: str) -> str:
        return readdressed(relocated(text, paths), address, ports)

    command = [here(part) for part in command_of(container, declared, around.cloudflared)]
    if around.hosts:
        command = within({**paths, "/etc/hosts": around.hosts}, folder / "root", command)
    environment = {name: here(value) for name, value in declared.items()}
    return Recipe(command, surrounded(environment, pod, folder, around), address, ports)


def within(mounts: Mapping[str, Path], root: Path, command: list[str]) -> list[str]:
    """The command, run where these lie at the paths of the container: what rules name is not translated."""
    lies = json.dumps({inside: str(path) for inside, path in mounts.items()})
    return [sys.executable, "-I", mount_namespace.__file__, str(root), lies, *command]


def command_of(container: Object, values: Mapping[str, str], cloudflared: Path) -> list[str]:
    """The container's command with its arguments; cloudflared by whatever path is the one here."""
    declared = [*container.get("command", _ENTRY_POINT), *container.get("args", [])]
    program, *arguments = [_expanded(part, values) for part in declared]
    return [str(cloudflared) if Path(program).name == "cloudflared" else program, *arguments]


def surrounded(environment: dict[str, str], pod: Object, folder: Path, around: Surroundings) -> dict[str, str]:
    """The pod's environment, with the way to this machine's edge, authority and Services."""
    who = f"{pod['metadata']['namespace']}:{pod['metadata']['name']}"
    proxy = f"socks5://{who}@127.0.0.1:{around.proxy}"
    added = {
        "TUNNEL_EDGE": ",".join(f"127.0.0.1:{port}" for port in around.edge),
        "TUNNEL_CACERT": str(around.authority),
        # The keys of Access, and HTTPS origins, are presented under certificates of the same authority.
        "SSL_CERT_FILE": str(around.authority),
        "HTTP_PROXY": proxy,
        "HTTPS_PROXY": proxy,
        # It would look for the real network, and find none.
        "TUNNEL_NO_PRECHECKS": "true",
        "HOME": str(folder),
    }
    return {**environment, **added}


async def _environment(api: ClusterApi, pod: Object, container: Object) -> dict[str, str]:
    values: dict[str, str] = {}
    for source in container.get("envFrom", []):
        found = await keys_of(api, pod, source.get("secretRef"), source.get("configMapRef"))
        prefix = source.get("prefix", "")
        values |= {f"{prefix}{key}": value.decode() for key, value in found.items()}
    for variable in container.get("env", []):
        source = variable.get("valueFrom")
        value = await _sourced(api, pod, source) if source else _expanded(variable.get("value", ""), values)
        if value is not None:
            values[variable["name"]] = value
    return values


async def _sourced(api: ClusterApi, pod: Object, source: Object) -> str | None:
    if "fieldRef" in source:
        return field(pod, source["fieldRef"]["fieldPath"])
    reference = source.get("secretKeyRef") or source.get("configMapKeyRef")
    if reference is None:
        return "0"  # a share of resources, which a process of this machine does not have
    found = await configured(api, pod, "secrets" if "secretKeyRef" in source else "configmaps", reference)
    if reference["key"] in found:
        return found[reference["key"]].decode()
    if reference.get("optional"):
        return None
    raise Missing(f"{reference['name']} has no key {reference['key']}")


def field(pod: Object, path: str) -> str:
    """A field of the pod as `fieldRef` names it: `metadata.labels['app']`, `status.podIP`; empty where there is none."""
    steps = [step or key for step, key in re.findall(r"([^.\[\]']+)(?=\.|\[|$)|\['([^']*)'\]", path)]
    found: Any = pod
    for step in steps:
        found = found.get(step, {}) if isinstance(found, dict) else {}
    return str(found) if found != {} else ""


def _expanded(text: str, values: Mapping[str, str]) -> str:
    """`$(NAME)` replaced where the name is known, `$$(NAME)` left as `$(NAME)`, as Kubernetes does."""

    def replace(match: re.Match[str]) -> str:
        return match[0][1:] if match[0].startswith("$$") else values.get(match[1], match[0])

    return re.sub(r"\$?\$\(([^)]+)\)", replace, text)


def relocated(text: str, paths: Mapping[str, Path]) -> str:
    """Paths of the container, wherever a value is one or ends in `=PATH`, as paths of this machine."""
    for inside in sorted(paths, key=len, reverse=True):
        found = re.fullmatch(rf"((?:[^/=]*=)?){re.escape(inside.rstrip('/'))}(/.*)?", text)
        if found:
            return f"{found[1]}{paths[inside]}{found[2] or ''}"
    return text


def readdressed(text: str, address: str, ports: Mapping[int, int]) -> str:
    """`0.0.0.0:PORT` and its like, as a value or after `=`, become the pod's address here."""
    found = re.fullmatch(r"((?:[^/=]*=)?)(?:0\.0\.0\.0|\[::\])?:(\d+)", text)
    return f"{found[1]}{address}:{ports.get(int(found[2]), int(found[2]))}" if found else text


def _address(pod: Object, container: Object) -> tuple[str, dict[int, int]]:
    """A loopback address for the pod alone; where this machine has but one, other ports on that."""
    wanted = [port["containerPort"] for port in container.get("ports", [])]
    drawn = zlib.crc32(pod["metadata"]["uid"].encode())
    address = f"127.{64 + drawn % 64}.{drawn >> 8 & 255}.{1 + (drawn >> 16) % 254}"
    with contextlib.suppress(OSError):
        for port in wanted:
            _free_port(address, port)
        return address, {}
    return "127.0.0.1", {port: _free_port("127.0.0.1", 0) for port in wanted}


def _free_port(address: str, port: int) -> int:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((address, port))
        return probe.getsockname()[1]
