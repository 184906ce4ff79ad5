"""Heads over QUIC: what is told apart, and what is refused."""

import struct

import pytest

from sandbox.edge import quic_heads
from sandbox.edge.rpc import SCHEMA
from sandbox.edge.tunnel_connection import Lost


@pytest.mark.parametrize(
    ("headers", "body", "chunked"),
    [([], True, True), ([(b"content-length", b"3")], True, False), ([], False, False)],
)
def test_a_body_of_unknown_length_is_announced(headers: list[tuple[bytes, bytes]], body: bool, chunked: bool) -> None:
    made = quic_heads.request(b"POST", b"a.example.com", b"/b?c", headers, body=body, socket=False)
    assert made.startswith(quic_heads.DATA)
    with SCHEMA.RequestHead.from_bytes(made[len(quic_heads.DATA) :]) as head:
        assert (bytes(head.destination), str(head.kind)) == (b"https://a.example.com/b?c\0", "http")
        keys = [bytes(field.key) for field in head.fields]
    assert (b"HttpHeader:transfer-encoding\0" in keys) is chunked


def test_headers_that_are_no_utf8_come_through() -> None:
    head = SCHEMA.AnswerHead.new_message()
    fields = head.init("fields", 2)
    fields[0].key, fields[0].value = b"HttpStatus\0", b"203\0"
    fields[1].key, fields[1].value = b"HttpHeader:X-A\0", b"caf\xe9\0"
    said = quic_heads.answer(head.to_bytes())
    assert (said.status, said.headers, said.unreachable) == (203, [(b"X-A", b"caf\xe9")], False)


def test_a_message_tells_its_length_as_it_comes() -> None:
    head = SCHEMA.AnswerHead.new_message(mistake=b"refused\0").to_bytes()
    assert quic_heads.length(head[:3]) == 4
    assert quic_heads.length(head[:4]) == 8
    assert quic_heads.length(head[:8]) == len(head)
    assert quic_heads.answer(head).unreachable


@pytest.mark.parametrize("begun", [struct.pack("<I", 1 << 30), struct.pack("<II", 0, 1 << 20)])
def test_what_is_no_head_is_not_waited_for(begun: bytes) -> None:
    with pytest.raises(Lost):
        quic_heads.length(begun)
