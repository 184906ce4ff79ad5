"""The hook that a refused deletion of a tunnel calls."""

from typing import Any

import pulumi
import pytest

from components.exposure.hooks.connections import TRIES, _refused
from tests.support.emulator import ACCOUNT, TUNNELS, Emulated

CONNECTED = 'DELETE "…": 400 Bad Request {"errors":[{"code":1022,"message":"…active connections"}]}'


@pytest.fixture
def tunnel(emulated: Emulated, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> str:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(pulumi, "warn", lambda _said: None)
    made = emulated.tunnel()
    emulated.connect(made, [4, 1])
    return made


def failed(tunnel: str, *errors: str, operation: str = "delete") -> pulumi.ErrorHookArgs:
    inputs: dict[str, Any] = {"accountId": ACCOUNT}
    return pulumi.ErrorHookArgs(
        "urn", tunnel, "culvert-dev-tunnel", "", old_inputs=inputs, failed_operation=operation, errors=list(errors)
    )


def connections(emulated: Emulated, tunnel: str) -> int:
    return len(emulated.done("GET", f"{TUNNELS}/{tunnel}/connections"))


def test_connections_are_dropped_and_the_deletion_is_tried_again(emulated: Emulated, tunnel: str) -> None:
    assert _refused(failed(tunnel, CONNECTED))
    assert connections(emulated, tunnel) == 0


@pytest.mark.parametrize(
    ("errors", "operation"),
    [
        (['{"code":1023}'], "delete"),
        ([CONNECTED], "update"),
        # Connectors that always come back first are left to somebody who knows why.
        ([CONNECTED] * (TRIES + 1), "delete"),
        (['{"code":1023}', CONNECTED], "delete"),
    ],
)
def test_anything_else_is_left_alone(emulated: Emulated, tunnel: str, errors: list[str], operation: str) -> None:
    assert not _refused(failed(tunnel, *errors, operation=operation))
    assert connections(emulated, tunnel) == 2
