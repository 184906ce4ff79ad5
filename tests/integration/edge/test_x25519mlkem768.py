"""The key exchange that connectors propose, from the client's side."""

from types import SimpleNamespace
from typing import Any

import pytest
from aioquic import tls
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from sandbox.edge.x25519mlkem768 import GROUP, PeerShare, ServerShare
from tests.support.local_edge import LocalEdge, asynchronous
from tests.support.quic_connector import QuicConnector

_CIPHERTEXT = 1088


class ClientShare:
    """What a client sends, and the secret that it makes of the answer."""

    def __init__(self) -> None:
        self._mlkem, self._x25519 = MLKEM768PrivateKey.generate(), X25519PrivateKey.generate()
        self.sent = self._mlkem.public_key().public_bytes_raw() + self._x25519.public_key().public_bytes_raw()

    generate = classmethod(lambda cls: cls())

    def public_key(self) -> "ClientShare":
        return self

    def exchange(self, answer: "Answered") -> bytes:
        key = X25519PublicKey.from_public_bytes(answer.share[_CIPHERTEXT:])
        return self._mlkem.decapsulate(answer.share[:_CIPHERTEXT]) + self._x25519.exchange(key)


class Answered:
    def __init__(self, share: bytes) -> None:
        self.share = share


def test_both_sides_come_to_the_same_secret() -> None:
    client, server = ClientShare(), ServerShare.generate()
    secret = server.exchange(PeerShare(client.sent))
    assert secret == client.exchange(Answered(server.sent))
    assert len(secret) == 64


@pytest.mark.parametrize("share", [b"", b"x" * 1184, b"x" * 1217])
def test_what_is_no_share_is_refused_as_the_library_expects(share: bytes) -> None:
    with pytest.raises(ValueError, match="bytes"):
        PeerShare(share)


@asynchronous
async def test_a_client_that_proposes_nothing_else_gets_in(edge: LocalEdge, monkeypatch: pytest.MonkeyPatch) -> None:
    begin = tls.Context.__init__

    def with_hybrid_alone(self: Any, *arguments: Any, **named: Any) -> None:
        begin(self, *arguments, **named)
        self._supported_groups = [tls.Group.X448]  # in whose place the library, here too, does the hybrid

    monkeypatch.setattr(tls.Context, "__init__", with_hybrid_alone)
    monkeypatch.setattr(tls, "x448", SimpleNamespace(X448PublicKey=Answered, X448PrivateKey=ClientShare))
    monkeypatch.setattr(tls, "decode_public_key", lambda share: Answered(share[1]))
    monkeypatch.setattr(tls, "encode_public_key", lambda key: (GROUP, key.sent))
    exposed = edge.expose("hybrid", "http://blog")
    connector = await QuicConnector().dial(edge.ports[0], edge.authority)
    assert (await connector.register(exposed.token)).which() == "details"
    await connector.close()
