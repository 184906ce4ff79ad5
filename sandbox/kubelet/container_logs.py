"""The part of a kubelet's API that `kubectl logs` needs: the API server forwards the request to the pod's node.

https://kubernetes.io/docs/reference/command-line-tools-reference/kube-apiserver/ describes the options by which the API
server finds a kubelet; the path and its parameters are those of the pod's subresource `log`.
"""

import asyncio
import contextlib
import logging
import re
import socket
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from sandbox.cluster import kubelet_certificates
from sandbox.kubelet.cluster_api import ClusterApi

_PATH = re.compile(r"/containerLogs/([a-z0-9-]+)/([a-z0-9.-]+)/[a-z0-9-]+")
_POLL = 0.2
"""Seconds between two looks for more lines, with `follow`."""
_HEAD_TIMEOUT = 10.0
_RETRY = 1.0
"""Seconds between two attempts to write the address of the kubelet into the status of the nodes."""
_SUPPORTED = {"follow", "tailLines", "limitBytes"}
_DEFAULTS = {"stream": "All"}
"""Parameters that are supported with this value alone."""
log = logging.getLogger(__name__)


def log_file(home: Path, namespace: str, pod: str) -> Path:
    """The file that has the output of a connector's pod, that of all its containers' runs."""
    return home / "logs" / f"connector-{namespace}-{pod}.log"


class ContainerLogs:
    """Serves the logs of the pods below `home`.

    `control_plane` is the folder with the certificates; `exists` says by namespace and name whether a pod still does.
    """

    def __init__(self, home: Path, control_plane: Path, exists: Callable[[str, str], bool]) -> None:
        self._home, self._exists = home, exists
        self._context = kubelet_certificates.server_context(control_plane)

    async def serve(self, listener: socket.socket, api: ClusterApi) -> None:
        """Serves until cancelled, as the kubelet of every node."""
        server = await asyncio.start_server(self._answer, sock=listener, ssl=self._context)
        async with server:
            await self._register(listener.getsockname()[1], api)
            await server.serve_forever()

    async def _register(self, port: int, api: ClusterApi) -> None:
        """Makes each node's status name this server."""
        status = {
            "addresses": [{"type": "ExternalDNS", "address": kubelet_certificates.NAME}],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": port}},
        }
        while True:
            try:
                nodes = await api.get("/api/v1/nodes") or {"items": []}
                for node in nodes["items"]:
                    await api.patch_status(f"/api/v1/nodes/{node['metadata']['name']}", status)
                return
            except Exception:
                log.exception("kubectl logs does not work yet: the nodes' status cannot be changed")
                await asyncio.sleep(_RETRY)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, EOFError, TimeoutError, asyncio.LimitOverrunError):
            async with asyncio.timeout(_HEAD_TIMEOUT):
                head = await reader.readuntil(b"\r\n\r\n")
            url = urlsplit(head.split()[1].decode("latin-1"))
            match = _PATH.fullmatch(unquote(url.path))
            options = {name: values[-1] for name, values in parse_qs(url.query).items()}
            file = log_file(self._home, *match.groups()) if match else None
            other = ", ".join(name for name, value in options.items() if not _is_supported(name, value))
            if match is None or file is None or not file.is_file():
                reason = "the pod is simulated: it has no log" if match else "the sandbox's kubelet serves logs alone"
                writer.write(_head(HTTPStatus.NOT_FOUND) + reason.encode())
            elif other:
                reason = f"the sandbox's kubelet does not support {other}"
                writer.write(_head(HTTPStatus.BAD_REQUEST) + reason.encode())
            else:
                writer.write(_head(HTTPStatus.OK))
                await _send(file, options, writer, lambda: self._exists(*match.groups()))
            await writer.drain()
        writer.close()


def _head(status: HTTPStatus) -> bytes:
    return f"HTTP/1.1 {status} {status.phrase}\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n".encode()


def _is_supported(name: str, value: str) -> bool:
    return name in _SUPPORTED or value == _DEFAULTS.get(name, "false")


async def _send(file: Path, options: dict[str, str], writer: asyncio.StreamWriter, exists: Callable[[], bool]) -> None:
    """Sends the end of a log, and with `follow` what is added to it, until the client or the pod is gone."""
    content = file.read_bytes()
    end = len(content)
    if tail := options.get("tailLines"):
        content = b"".join(content.splitlines(keepends=True)[-int(tail) :] if int(tail) else [])
    if limit := options.get("limitBytes"):
        content = content[: int(limit)]
    writer.write(content)
    following = options.get("follow") == "true"
    while following:
        await writer.drain()
        await asyncio.sleep(_POLL)
        following = exists()  # before the last look, so that it finds a pod's last lines
        with file.open("rb") as stream:
            stream.seek(end)
            added = stream.read()
        end += len(added)
        writer.write(added)
