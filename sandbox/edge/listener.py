"""Listening sockets, and HTTP connections from them: plain and TLS on the same port."""

import asyncio
import contextlib
import socket
import ssl

from sandbox.edge.http1 import ClientDisconnected, HttpConnection

_TLS_HANDSHAKE = b"\x16"
"""First byte of a TLS connection; no HTTP request begins with it."""


async def accept_http(client: socket.socket, tls: ssl.SSLContext) -> HttpConnection:
    """HTTP on an accepted, non-blocking socket, over TLS where the client starts a handshake.

    Raises ClientDisconnected.
    """
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    try:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        context = tls if await _peek(client) == _TLS_HANDSHAKE else None
        transport, protocol = await loop.connect_accepted_socket(
            lambda: asyncio.StreamReaderProtocol(reader), client, ssl=context
        )
    except OSError as error:  # includes a failed handshake
        client.close()
        raise ClientDisconnected(str(error)) from error
    return HttpConnection(reader, asyncio.StreamWriter(transport, protocol, reader, loop))


async def _peek(client: socket.socket) -> bytes:
    """The first byte that the client sends, without consuming it; empty where the client sends nothing more."""
    loop = asyncio.get_running_loop()
    while True:
        with contextlib.suppress(BlockingIOError):
            return client.recv(1, socket.MSG_PEEK)
        readable = loop.create_future()
        loop.add_reader(client, readable.set_result, None)
        try:
            await readable
        finally:
            loop.remove_reader(client)


def listen(port: int, address: str = "127.0.0.1") -> socket.socket:
    """A non-blocking TCP socket that listens on an IPv4 address. Raises OSError where the port is taken."""
    listener = _bind(socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP), port, address)
    listener.listen(1024)
    return listener


def listen_tcp_and_udp(port: int, address: str = "127.0.0.1") -> tuple[socket.socket, socket.socket]:
    """The same, and a UDP socket on the same port. Raises OSError where either is taken."""
    listener = listen(port, address)
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_UDP)
    try:
        return listener, _bind(udp, listener.getsockname()[1], address)
    except OSError:
        listener.close()
        raise


def _bind(unbound: socket.socket, port: int, address: str) -> socket.socket:
    if unbound.type == socket.SOCK_STREAM:
        unbound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        unbound.bind((address, port))
    except OSError:
        unbound.close()
        raise
    unbound.setblocking(False)
    return unbound
