"""The error hook of a tunnel whose deletion the API rejects."""

from typing import Any

import pulumi
import pytest

from components.exposure.hooks.connections import HOOK, MAX_TRIES, TUNNEL, _list, drop_connections, retry_deletion
from tests.support.emulator import ACCOUNT, TUNNELS, Emulator
from tests.support.mock_recorder import Deploy

CONNECTED = 'DELETE "…": 400 Bad Request {"errors":[{"code":1022,"message":"…active connections"}]}'


@pytest.fixture
def tunnel(emulator: Emulator, cloudflare_environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> str:
    """A tunnel with two connectors."""
    for name, value in cloudflare_environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(pulumi, "warn", lambda _message: None)
    tunnel_id = emulator.tunnel()
    emulator.connect(tunnel_id, [4, 1])
    return tunnel_id


def failed(tunnel: str, *errors: str, operation: str = "delete") -> pulumi.ErrorHookArgs:
    inputs: dict[str, Any] = {"accountId": ACCOUNT}
    return pulumi.ErrorHookArgs(
        "urn", tunnel, "culvert-dev-tunnel", "", old_inputs=inputs, failed_operation=operation, errors=list(errors)
    )


def connections(emulator: Emulator, tunnel: str) -> int:
    return len(emulator.done("GET", f"{TUNNELS}/{tunnel}/connections"))


def test_connections_are_dropped_and_the_deletion_is_retried(
    emulator: Emulator, tunnel: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    warnings: list[str] = []
    monkeypatch.setattr(pulumi, "warn", warnings.append)
    ids = sorted({each["id"] for each in emulator.done("GET", f"{TUNNELS}/{tunnel}/connections")})
    assert retry_deletion(failed(tunnel, *[CONNECTED] * MAX_TRIES))
    assert connections(emulator, tunnel) == 0
    assert retry_deletion(failed(tunnel, CONNECTED))
    dropping = "culvert-dev-tunnel has connectors that are not this stack's. Dropping their connections:"
    assert warnings[1] == f"{dropping} none left"
    listed = warnings[0].removeprefix(f"{dropping} ").split(", ")
    assert sorted(listed) == [f"{each} (127.0.0.1)" for each in ids]


def test_each_connector_is_listed_with_its_addresses() -> None:
    addresses = [{"origin_ip": "192.0.2.2"}, {"origin_ip": "192.0.2.1"}, {"origin_ip": "192.0.2.2"}, {}]
    connectors: list[dict[str, Any]] = [{"id": "one", "conns": addresses}, {"id": "two", "conns": None}]
    assert _list(connectors) == "one (192.0.2.1, 192.0.2.2, ?), two ()"


def test_a_tunnel_alone_gets_the_hook(deploy: Deploy) -> None:
    hooks: list[Any] = []

    def program() -> None:
        resource: Any = None
        for type_ in (TUNNEL, f"{TUNNEL}Config"):
            args = pulumi.ResourceTransformationArgs(resource, type_, "tunnel", {}, pulumi.ResourceOptions())
            hooks.append((found := drop_connections(args)) and found.opts.hooks)

    deploy(program)
    (hook,) = hooks[0].on_error
    assert (hook.name, hook.callback) == (HOOK, retry_deletion)
    assert hooks[1] is None


@pytest.mark.parametrize(
    ("errors", "operation"),
    [
        (['{"code":1023}'], "delete"),
        ([CONNECTED], "update"),
        # After that many attempts, the deletion fails.
        ([CONNECTED] * (MAX_TRIES + 1), "delete"),
        (['{"code":1023}', CONNECTED], "delete"),
    ],
)
def test_other_errors_are_not_handled(emulator: Emulator, tunnel: str, errors: list[str], operation: str) -> None:
    assert not retry_deletion(failed(tunnel, *errors, operation=operation))
    assert connections(emulator, tunnel) == 2
