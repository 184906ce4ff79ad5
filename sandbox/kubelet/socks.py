"""SOCKS, as much as a connector's HTTP client speaks of it: RFC 1928, with the user name and password of RFC 1929."""

import asyncio
import ipaddress
import socket
from dataclasses import dataclass

_VERSION, _CONNECT, _BY_PASSWORD = 5, 1, 2
_OK, _UNREACHABLE, _NO_SUCH_COMMAND = 0, 4, 7
_IPV4, _NAME, _IPV6 = 1, 3, 4


class NotSocks(Exception):
    """The client wants something else."""


@dataclass(frozen=True)
class Wish:
    """Where a client wants to be connected to, and who it says it is."""

    host: str
    port: int
    user: str
    password: str


async def receive(connection: socket.socket) -> Wish:
    """Reads a client's wish, to which it then awaits an answer. Raises NotSocks."""
    version, methods = await _exactly(connection, 2)
    if version != _VERSION or _BY_PASSWORD not in await _exactly(connection, methods):
        raise NotSocks
    await _send(connection, bytes([_VERSION, _BY_PASSWORD]))
    _, length = await _exactly(connection, 2)
    user = await _exactly(connection, length)
    password = await _exactly(connection, (await _exactly(connection, 1))[0])
    await _send(connection, bytes([1, 0]))  # whoever reaches this machine's loopback is believed
    _, command, _, kind = await _exactly(connection, 4)
    if kind == _NAME:
        host = (await _exactly(connection, (await _exactly(connection, 1))[0])).decode("ascii", "replace")
    elif kind in (_IPV4, _IPV6):
        host = str(ipaddress.ip_address(await _exactly(connection, 4 if kind == _IPV4 else 16)))
    else:
        raise NotSocks
    port = int.from_bytes(await _exactly(connection, 2))
    if command != _CONNECT:
        await _answer(connection, _NO_SUCH_COMMAND)
        raise NotSocks
    return Wish(host, port, user.decode(errors="replace"), password.decode(errors="replace"))


async def grant(connection: socket.socket) -> None:
    """Tells the client that it is connected."""
    await _answer(connection, _OK)


async def refuse(connection: socket.socket) -> None:
    """Tells the client that there is no way to where it wants to go."""
    await _answer(connection, _UNREACHABLE)


async def _answer(connection: socket.socket, outcome: int) -> None:
    await _send(connection, bytes([_VERSION, outcome, 0, _IPV4, 0, 0, 0, 0, 0, 0]))


async def _exactly(connection: socket.socket, count: int) -> bytes:
    received = b""
    while len(received) < count:
        part = await asyncio.get_running_loop().sock_recv(connection, count - len(received))
        if not part:
            raise NotSocks
        received += part
    return received


async def _send(connection: socket.socket, data: bytes) -> None:
    await asyncio.get_running_loop().sock_sendall(connection, data)
