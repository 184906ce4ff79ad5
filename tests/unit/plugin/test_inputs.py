"""Inputs of an `Exposure` from another language, in the form in which the engine sends them."""

import asyncio
from collections.abc import Callable
from typing import Any

import pulumi
import pytest
from pulumi.output import Unknown

from plugin.inputs import plain
from settings import SettingsError


def read(inputs: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The plain values, read within a running event loop, as when the SDK calls a constructor."""

    async def run() -> dict[str, Any]:
        return plain(inputs())[0]

    return asyncio.run(run())


def test_whole_numbers_arrive_as_floats() -> None:
    values = {"connector": {"replicas": 3.0}, "share": 0.5, "ports": [443.0]}
    assert read(lambda: values) == {"connector": {"replicas": 3}, "share": 0.5, "ports": [443]}
    assert isinstance(read(lambda: values)["connector"]["replicas"], int)


def test_known_outputs_are_values_at_any_depth() -> None:
    outputs = {"accountId": "0" * 32, "routes": [{"hostname": "blog.example.com"}]}
    assert (
        read(lambda: {"accountId": pulumi.Output.from_input(outputs["accountId"]), "routes": outputs["routes"]})
        == outputs
    )


def test_every_unknown_and_every_secret_value_is_an_issue() -> None:
    with pytest.raises(SettingsError) as rejected:
        read(
            lambda: {
                "accountId": Unknown(),
                "routes": [{"hostname": Unknown()}],
                "accessTeam": pulumi.Output.secret("s3"),
            }
        )
    first, second, third = rejected.value.issues
    assert first.key == "culvert:accountId"
    assert "is not known yet" in first.message
    assert second.key == "culvert:routes[0].hostname"
    assert third.key == "culvert:accessTeam"
    assert "is secret" in third.message
    assert "s3" not in str(rejected.value)
