"""Encoding of headers over QUIC."""

import struct

import pytest

from sandbox.edge import quic_headers
from sandbox.edge.rpc import SCHEMA
from sandbox.edge.tunnel_connection import ConnectionLost


@pytest.mark.parametrize(
    ("headers", "has_body", "chunked"),
    [([], True, True), ([(b"content-length", b"3")], True, False), ([], False, False)],
)
def test_a_body_of_unknown_length_is_announced_as_chunked(
    headers: list[tuple[bytes, bytes]], has_body: bool, chunked: bool
) -> None:
    encoded = quic_headers.encode_request(
        b"POST", b"a.example.com", b"/b?c", headers, has_body=has_body, websocket=False
    )
    assert encoded.startswith(quic_headers.DATA)
    with SCHEMA.ConnectRequest.from_bytes(encoded[len(quic_headers.DATA) :]) as request:
        assert (bytes(request.dest), str(request.type)) == (b"https://a.example.com/b?c\0", "http")
        keys = [bytes(field.key) for field in request.metadata]
    assert (b"HttpHeader:transfer-encoding\0" in keys) is chunked


def test_headers_need_not_be_utf8() -> None:
    message = SCHEMA.ConnectResponse.new_message()
    fields = message.init("metadata", 2)
    fields[0].key, fields[0].val = b"HttpStatus\0", b"203\0"
    fields[1].key, fields[1].val = b"HttpHeader:X-A\0", b"caf\xe9\0"
    response = quic_headers.decode_response(message.to_bytes())
    assert (response.status, response.headers, response.origin_unreachable) == (203, [(b"X-A", b"caf\xe9")], False)


def test_a_messages_length_is_known_as_its_parts_arrive() -> None:
    message = SCHEMA.ConnectResponse.new_message(error=b"rejected\0").to_bytes()
    assert quic_headers.message_length(message[:3]) == 4
    assert quic_headers.message_length(message[:4]) == 8
    assert quic_headers.message_length(message[:8]) == len(message)
    assert quic_headers.decode_response(message).origin_unreachable


@pytest.mark.parametrize("data", [struct.pack("<I", 1 << 30), struct.pack("<II", 0, 1 << 20)])
def test_data_that_cannot_be_headers_is_rejected_at_once(data: bytes) -> None:
    with pytest.raises(ConnectionLost, match=r"not a header message|too large"):
        quic_headers.message_length(data)
