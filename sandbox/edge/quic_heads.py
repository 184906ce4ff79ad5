"""The heads of requests and answers over QUIC, and what tells one kind of stream from another (tunnelrpc/quic/ of cloudflare/cloudflared)."""

import struct
from collections.abc import Sequence

from sandbox.edge.rpc import SCHEMA
from sandbox.edge.tunnel_connection import Answer, Headers, Lost

DATA = bytes.fromhex("0a36cd12a13e") + b"01"
"""What a stream for a request begins with, and its answer too."""
CALLS = bytes.fromhex("52bb825cdb65")
"""What one for calls begins with."""
_HEADER = b"HttpHeader:"
_LARGEST = 1 << 20


def request(
    method: bytes, host: bytes, path: bytes, headers: Sequence[tuple[bytes, bytes]], *, body: bool, socket: bool
) -> bytes:
    """The head of a request, `body` where one follows."""
    fields = [(b"HttpMethod", method), (b"HttpHost", host), *((_HEADER + name, value) for name, value in headers)]
    if body and not any(name == b"content-length" for name, _ in headers):
        # A body of which neither this nor the length is said is dropped.
        fields.append((_HEADER + b"transfer-encoding", b"chunked"))
    head = SCHEMA.RequestHead.new_message(
        destination=b"https://" + host + path + b"\0", kind="websocket" if socket else "http"
    )
    listed = head.init("fields", len(fields))
    for place, (key, value) in zip(listed, fields, strict=True):
        place.key, place.value = key + b"\0", value + b"\0"
    return DATA + head.to_bytes()


def answer(head: bytes) -> Answer:
    """What the message at the beginning of an answer says. One that tells of a mistake is the connector's own."""
    with SCHEMA.AnswerHead.from_bytes(head) as said:
        if bytes(said.mistake).rstrip(b"\0"):
            return Answer(502, [], unreachable=True)
        fields = [(bytes(field.key)[:-1], bytes(field.value)[:-1]) for field in said.fields]
    status = next((int(value) for key, value in fields if key == b"HttpStatus"), 200)
    headers: Headers = [(key[len(_HEADER) :], value) for key, value in fields if key.startswith(_HEADER)]
    return Answer(status, headers)


def length(begun: bytes | bytearray) -> int:
    """How long a message is, as far as its beginning tells. Raises Lost for one that cannot be a head.

    https://capnproto.org/encoding.html#serialization-over-a-stream
    """
    if len(begun) < 4:
        return 4
    segments = struct.unpack_from("<I", begun)[0] + 1
    table = (4 + 4 * segments + 7) // 8 * 8
    if table > _LARGEST:
        raise Lost("no head")
    if len(begun) < table:
        return table
    words = sum(struct.unpack_from(f"<{segments}I", begun, 4))
    if 8 * words > _LARGEST:
        raise Lost("the head is too large")
    return table + 8 * words
