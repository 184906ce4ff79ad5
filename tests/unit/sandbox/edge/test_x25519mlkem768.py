"""The key exchange X25519MLKEM768 between a client and the server's side."""

import pytest

from sandbox.edge.x25519mlkem768 import ClientKeyShare, ServerKeyShare
from tests.support.x25519mlkem768_client import Client, ServerShare


def test_both_sides_derive_the_same_secret() -> None:
    client, server = Client(), ServerKeyShare.generate()
    secret = server.exchange(ClientKeyShare(client.share))
    assert secret == client.exchange(ServerShare(server.share))
    assert len(secret) == 64


@pytest.mark.parametrize("share", [b"", b"x" * 1184, b"x" * 1217])
def test_a_malformed_share_raises_the_error_that_aioquic_expects(share: bytes) -> None:
    with pytest.raises(ValueError, match="bytes"):
        ClientKeyShare(share)
