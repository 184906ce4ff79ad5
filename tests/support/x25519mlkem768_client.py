"""The client's side of X25519MLKEM768, in the shape of aioquic's X448 keys."""

from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

_CIPHERTEXT = 1088


class ServerShare:
    def __init__(self, share: bytes) -> None:
        self.share = share


class Client:
    """A client's private keys; `share` is what it sends."""

    def __init__(self) -> None:
        self._mlkem, self._x25519 = MLKEM768PrivateKey.generate(), X25519PrivateKey.generate()
        self.share = self._mlkem.public_key().public_bytes_raw() + self._x25519.public_key().public_bytes_raw()

    @classmethod
    def generate(cls) -> "Client":
        return cls()

    def public_key(self) -> "Client":
        return self

    def exchange(self, server: ServerShare) -> bytes:
        """The shared secret."""
        key = X25519PublicKey.from_public_bytes(server.share[_CIPHERTEXT:])
        return self._mlkem.decapsulate(server.share[:_CIPHERTEXT]) + self._x25519.exchange(key)
