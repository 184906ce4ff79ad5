"""Encoding of request and response headers over QUIC, and the signatures that tell kinds of streams apart.

As in tunnelrpc/quic/ of cloudflare/cloudflared.
"""

import struct
from collections.abc import Sequence

from sandbox.edge.rpc import SCHEMA
from sandbox.edge.tunnel_connection import ConnectionLost, Headers, Response

DATA = bytes.fromhex("0a36cd12a13e") + b"01"
"""The first bytes of a request's stream, and of its response: a signature and a version."""
RPC = bytes.fromhex("52bb825cdb65")
"""The first bytes of a stream for RPC."""
_HEADER = b"HttpHeader:"
_MAX_LENGTH = 1 << 20


def encode_request(
    method: bytes, host: bytes, path: bytes, headers: Sequence[tuple[bytes, bytes]], *, has_body: bool, websocket: bool
) -> bytes:
    """The beginning of a request's stream, up to its body."""
    metadata = [(b"HttpMethod", method), (b"HttpHost", host), *((_HEADER + name, value) for name, value in headers)]
    if has_body and not any(name == b"content-length" for name, _ in headers):
        # The connector drops a body that has neither a content-length nor this header.
        metadata.append((_HEADER + b"transfer-encoding", b"chunked"))
    message = SCHEMA.ConnectRequest.new_message(
        dest=b"https://" + host + path + b"\0", type="websocket" if websocket else "http"
    )
    fields = message.init("metadata", len(metadata))
    for field, (key, value) in zip(fields, metadata, strict=True):
        field.key, field.val = key + b"\0", value + b"\0"
    return DATA + message.to_bytes()


def decode_response(message: bytes) -> Response:
    """Decodes the message at the beginning of a response. One with an error comes from the connector itself."""
    with SCHEMA.ConnectResponse.from_bytes(message) as response:
        if bytes(response.error).rstrip(b"\0"):
            return Response(502, [], origin_unreachable=True)
        metadata = [(bytes(field.key)[:-1], bytes(field.val)[:-1]) for field in response.metadata]
    status = next((int(value) for key, value in metadata if key == b"HttpStatus"), 200)
    headers: Headers = [(key[len(_HEADER) :], value) for key, value in metadata if key.startswith(_HEADER)]
    return Response(status, headers)


def message_length(data: bytes | bytearray) -> int:
    """The length in bytes of the message that `data` begins, or of the part needed to know more of it.

    Raises ConnectionLost where `data` cannot begin a header message.
    https://capnproto.org/encoding.html#serialization-over-a-stream
    """
    if len(data) < 4:
        return 4
    segments = struct.unpack_from("<I", data)[0] + 1
    table = (4 + 4 * segments + 7) // 8 * 8
    if table > _MAX_LENGTH:
        raise ConnectionLost("not a header message")
    if len(data) < table:
        return table
    words = sum(struct.unpack_from(f"<{segments}I", data, 4))
    if 8 * words > _MAX_LENGTH:
        raise ConnectionLost("the headers are too large")
    return table + 8 * words
