"""The key exchange that connectors propose first, X25519MLKEM768, for a QUIC library that does not have it.

A connector sends its share for this one alone, and the library cannot ask for another. What it does for X448, which no connector proposes,
it does here for the hybrid (https://datatracker.ietf.org/doc/draft-ietf-tls-ecdhe-mlkem/).
"""

from types import SimpleNamespace
from typing import Any

from aioquic import tls
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

GROUP = 0x11EC
_ENCAPSULATION_KEY = 1184


class PeerShare:
    """What the client sends: its ML-KEM encapsulation key and its X25519 key. Raises ValueError for what is neither."""

    def __init__(self, share: bytes) -> None:
        self.mlkem = MLKEM768PublicKey.from_public_bytes(share[:_ENCAPSULATION_KEY])
        self.x25519 = X25519PublicKey.from_public_bytes(share[_ENCAPSULATION_KEY:])


class ServerShare:
    """What the server answers with, known once the secret has been made."""

    sent: bytes

    @classmethod
    def generate(cls) -> "ServerShare":
        return cls()

    def public_key(self) -> "ServerShare":
        return self

    def exchange(self, peer: PeerShare) -> bytes:
        mine = X25519PrivateKey.generate()
        secret, ciphertext = peer.mlkem.encapsulate()
        self.sent = ciphertext + mine.public_key().public_bytes_raw()
        return secret + mine.exchange(peer.x25519)


def teach() -> None:
    """Teaches it to the library, for servers of this process."""
    module: Any = tls
    if module.x448.X448PublicKey is PeerShare:
        return
    decode, encode, begin = module.decode_public_key, module.encode_public_key, module.Context.__init__

    def with_group(self: Any, *arguments: Any, **named: Any) -> None:
        begin(self, *arguments, **named)
        self._supported_groups = [GROUP, *(group for group in self._supported_groups if group != tls.Group.X448)]

    module.x448 = SimpleNamespace(X448PublicKey=PeerShare, X448PrivateKey=ServerShare)
    module.decode_public_key = lambda share: PeerShare(share[1]) if share[0] == GROUP else decode(share)
    module.encode_public_key = lambda key: (GROUP, key.sent) if isinstance(key, ServerShare) else encode(key)
    module.Context.__init__ = with_group
