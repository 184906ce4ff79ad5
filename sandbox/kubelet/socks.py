"""The server's side of SOCKS5 (RFC 1928) with user name and password (RFC 1929), as far as Go's HTTP client uses it."""

import asyncio
import ipaddress
import socket
from dataclasses import dataclass

_VERSION, _CONNECT, _USER_PASSWORD = 5, 1, 2
_SUCCEEDED, _HOST_UNREACHABLE, _TTL_EXPIRED, _COMMAND_NOT_SUPPORTED = 0, 4, 6, 7
_IPV4, _DOMAIN_NAME, _IPV6 = 1, 3, 4


class NotSocks(Exception):
    """The client speaks another protocol, or requests another command than CONNECT."""


@dataclass(frozen=True)
class SocksRequest:
    """A CONNECT request and the client's credentials."""

    host: str
    port: int
    user: str
    password: str


async def read_request(client: socket.socket) -> SocksRequest:
    """Reads a client's request, which is to be answered by `accept` or `reject`. Raises NotSocks."""
    version, methods = await _read(client, 2)
    if version != _VERSION or _USER_PASSWORD not in await _read(client, methods):
        raise NotSocks
    await _send(client, bytes([_VERSION, _USER_PASSWORD]))
    _, length = await _read(client, 2)
    user = await _read(client, length)
    password = await _read(client, (await _read(client, 1))[0])
    await _send(client, bytes([1, 0]))  # any credentials: only programs of this machine reach its loopback addresses
    _, command, _, address_type = await _read(client, 4)
    if address_type == _DOMAIN_NAME:
        host = (await _read(client, (await _read(client, 1))[0])).decode("ascii", "replace")
    elif address_type in (_IPV4, _IPV6):
        host = str(ipaddress.ip_address(await _read(client, 4 if address_type == _IPV4 else 16)))
    else:
        raise NotSocks
    port = int.from_bytes(await _read(client, 2))
    if command != _CONNECT:
        await _reply(client, _COMMAND_NOT_SUPPORTED)
        raise NotSocks
    return SocksRequest(host, port, user.decode(errors="replace"), password.decode(errors="replace"))


async def accept(client: socket.socket) -> None:
    await _reply(client, _SUCCEEDED)


async def reject(client: socket.socket) -> None:
    await _reply(client, _HOST_UNREACHABLE)


async def time_out(client: socket.socket) -> None:
    """Replies that no packet came back, which is as near as SOCKS comes to a dial that times out."""
    await _reply(client, _TTL_EXPIRED)


async def _reply(client: socket.socket, code: int) -> None:
    await _send(client, bytes([_VERSION, code, 0, _IPV4, 0, 0, 0, 0, 0, 0]))


async def _read(client: socket.socket, count: int) -> bytes:
    received = b""
    while len(received) < count:
        part = await asyncio.get_running_loop().sock_recv(client, count - len(received))
        if not part:
            raise NotSocks
        received += part
    return received


async def _send(client: socket.socket, data: bytes) -> None:
    await asyncio.get_running_loop().sock_sendall(client, data)
