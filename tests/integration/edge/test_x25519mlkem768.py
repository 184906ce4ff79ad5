"""X25519MLKEM768 in a QUIC handshake with the edge."""

from types import SimpleNamespace
from typing import Any

import pytest
from aioquic import tls

from sandbox.edge.x25519mlkem768 import GROUP
from tests.support.local_edge import LocalEdge, async_test
from tests.support.quic_connector import QuicConnector
from tests.support.x25519mlkem768_client import Client, ServerShare


@async_test
async def test_a_client_that_offers_no_other_group_connects(edge: LocalEdge, monkeypatch: pytest.MonkeyPatch) -> None:
    init = tls.Context.__init__

    def init_with_hybrid_group_only(self: Any, *arguments: Any, **keywords: Any) -> None:
        init(self, *arguments, **keywords)
        self._supported_groups = [tls.Group.X448]  # whose place the hybrid group takes, here too

    monkeypatch.setattr(tls.Context, "__init__", init_with_hybrid_group_only)
    monkeypatch.setattr(tls, "x448", SimpleNamespace(X448PublicKey=ServerShare, X448PrivateKey=Client))
    monkeypatch.setattr(tls, "decode_public_key", lambda share: ServerShare(share[1]))
    monkeypatch.setattr(tls, "encode_public_key", lambda key: (GROUP, key.share))
    exposed = edge.expose("hybrid", "http://blog")
    connector = await QuicConnector().dial(edge.ports[0], edge.authority)
    assert (await connector.register(exposed.token)).which() == "connectionDetails"
    await connector.close()
