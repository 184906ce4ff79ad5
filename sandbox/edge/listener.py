"""Connections taken in as they come: plain or over TLS, on one and the same port."""

import asyncio
import contextlib
import socket
import ssl

from sandbox.edge.http1 import Conversation, Gone

_TLS = b"\x16"
"""First byte of a TLS connection; no HTTP request begins with it."""


async def open_conversation(connection: socket.socket, tls: ssl.SSLContext) -> Conversation:
    """HTTP with the client of a non-blocking connection, over TLS where the client begins with that. Raises Gone."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    try:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        context = tls if await _peek(connection) == _TLS else None
        transport, protocol = await loop.connect_accepted_socket(
            lambda: asyncio.StreamReaderProtocol(reader), connection, ssl=context
        )
    except OSError as mistake:  # a failed handshake is one, too
        connection.close()
        raise Gone(str(mistake)) from mistake
    return Conversation(reader, asyncio.StreamWriter(transport, protocol, reader, loop))


async def _peek(connection: socket.socket) -> bytes:
    """The first byte that the client sends, left where it is; none where it sends nothing any more."""
    loop = asyncio.get_running_loop()
    while True:
        with contextlib.suppress(BlockingIOError):
            return connection.recv(1, socket.MSG_PEEK)
        readable = loop.create_future()
        loop.add_reader(connection, readable.set_result, None)
        try:
            await readable
        finally:
            loop.remove_reader(connection)


def listen(port: int, address: str = "127.0.0.1") -> socket.socket:
    """A non-blocking socket that listens on an IPv4 address. Raises OSError where the port is taken."""
    listener = _bound(socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP), port, address)
    listener.listen(1024)
    return listener


def listen_twice(port: int, address: str = "127.0.0.1") -> tuple[socket.socket, socket.socket]:
    """The same, and a socket for datagrams on the same port. Raises OSError where either is taken."""
    listener = listen(port, address)
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_UDP)
    try:
        return listener, _bound(datagrams, listener.getsockname()[1], address)
    except OSError:
        listener.close()
        raise


def _bound(made: socket.socket, port: int, address: str) -> socket.socket:
    if made.type == socket.SOCK_STREAM:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((address, port))
    except OSError:
        made.close()
        raise
    made.setblocking(False)
    return made
