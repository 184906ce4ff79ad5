"""Those options of a stack that are valid together, in whichever order they are given."""

from itertools import permutations
from typing import Any

import pytest

from ops.migrate.input_object import Option
from ops.migrate.valid_options import with_valid_options

SETTINGS: dict[str, Any] = {
    "accountId": "0" * 32,
    "zones": {"example.com": None},
    "routes": [{"hostname": "a.example.com", "service": "http://10.0.0.1"}],
}


def variable(name: str) -> Option:
    return Option("connector.extraEnv", [{"name": name, "value": "1"}])


@pytest.mark.parametrize(
    ("options", "rejected"),
    [
        # cloudflared accepts post-quantum with QUIC alone.
        ([Option("connector.postQuantum", True), Option("connector.protocol", "quic")], []),
        ([Option("connector.postQuantum", True), Option("connector.protocol", "http2")], ["connector.postQuantum"]),
        # Of a list, one item is invalid by itself.
        ([variable("TZ"), variable("TUNNEL_TOKEN"), variable("LANG")], ["connector.extraEnv"]),
        ([Option("connector.replicas", 0), Option("connector.protocol", "quic")], ["connector.replicas"]),
    ],
)
def test_options_are_tried_together_whatever_their_order(options: list[Option], rejected: list[str]) -> None:
    found: list[Any] = []
    for order in permutations(options):
        settings, skipped = with_valid_options(SETTINGS, order)
        assert [each.item for each in skipped] == rejected
        connector = dict(settings.get("connector", {}))
        if "extraEnv" in connector:
            connector["extraEnv"] = sorted(each["name"] for each in connector["extraEnv"])
        found.append(connector)
    assert all(each == found[0] for each in found)


def test_of_items_that_exclude_each_other_the_first_is_kept() -> None:
    first, second = variable("TZ"), Option("connector.extraEnv", [{"name": "TZ", "value": "2"}])
    settings, skipped = with_valid_options(SETTINGS, [first, second, Option("connector.protocol", "quic")])
    assert settings["connector"] == {"extraEnv": first.value, "protocol": "quic"}
    assert [each.item for each in skipped] == ["connector.extraEnv"]
