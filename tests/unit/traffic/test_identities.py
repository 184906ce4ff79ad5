"""Cilium's reserved identities of an address, by the cluster's nodes and the Kubernetes API's addresses."""

from typing import Any

import pytest

from traffic.identities import reserved_identities

NODES: list[dict[str, Any]] = [
    {"metadata": {"name": "a"}, "status": {"addresses": [{"address": "10.0.0.10"}, {"address": "fd12::10"}]}},
    {"metadata": {"name": "b"}, "status": {"addresses": [{"address": "10.0.0.11"}]}},
    {"metadata": {"name": "new"}},
]
SLICES = [{"endpoints": [{"addresses": ["10.0.0.10"]}, {"addresses": ["34.90.12.7"]}]}, {"endpoints": None}]


@pytest.mark.parametrize(
    ("address", "identities"),
    [
        ("10.0.0.10", ("host", "kube-apiserver")),
        ("fd12::10", ("host",)),
        ("10.0.0.11", ("remote-node",)),
        ("34.90.12.7", ("kube-apiserver",)),
        ("192.168.7.9", ()),
    ],
)
def test_an_address_has_the_identities_that_a_client_on_node_a_sees(address: str, identities: tuple[str, ...]) -> None:
    assert reserved_identities(address, NODES, SLICES, "a") == identities


def test_a_client_outside_the_nodes_sees_remote_ones_alone() -> None:
    assert reserved_identities("10.0.0.10", NODES, [], "") == ("remote-node",)
