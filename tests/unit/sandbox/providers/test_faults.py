"""Faults in each call of an update: the update converges, or its error names the cause.

The emulator injects the fault into the first call that matches; the client's delays are recorded and skipped.
"""

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from sandbox.providers.cloudflare import client
from tests.support.emulator import Emulator
from tests.support.plugin_client import Goal, MiniEngine, Plugin, PluginError, running_plugin
from tests.support.recorded_program import ACCOUNT, CONFIG, RECORD, TUNNEL, ZONE

CALLS = {
    "zone lookup": ("GET", r"/zones\?"),
    "tunnel creation": ("POST", "/cfd_tunnel$"),
    "configuration update": ("PUT", "/configurations$"),
    "record creation": ("POST", "/dns_records$"),
}
SLOW = 0.3
"""Seconds, in place of 30: the client's timeout is longer."""
FAULTS: dict[str, dict[str, Any]] = {
    "429": {"status": 429, "retry_after": 7},
    "500": {"status": 500},
    "dropped": {"kind": "drop"},
    "slow": {"kind": "delay", "delay": SLOW},
}


@dataclass
class Rig:
    emulator: Emulator
    plugin: Plugin
    delays: list[float] = field(default_factory=list)


@pytest.fixture
def rig(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    emulator.owner("POST", "/seed", {"zones": [{"id": ZONE, "name": "example.test", "account": ACCOUNT}]})
    monkeypatch.setenv("CLOUDFLARE_BASE_URL", emulator.base_url)
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", emulator.token)
    assert client.TIMEOUT > 30
    delays: list[float] = []
    delay = client._delay

    def record(*arguments: Any) -> float:
        delays.append(delay(*arguments))
        return 0

    monkeypatch.setattr(client, "_delay", record)
    with running_plugin("cloudflare") as plugin:
        yield Rig(emulator, plugin, delays)


def program(name: str) -> list[Goal]:
    """The Cloudflare resources of an `up`, for a tunnel and a hostname of this name."""

    def goal(type: str, inputs: Callable[[Any], dict[str, Any]]) -> Goal:
        return Goal(type, type, inputs)

    rules = [{"hostname": f"{name}.example.test", "service": "http://blog"}, {"service": "http_status:404"}]
    return [
        goal(TUNNEL, lambda _: {"accountId": ACCOUNT, "name": name, "configSrc": "cloudflare"}),
        goal(
            CONFIG,
            lambda state: {"accountId": ACCOUNT, "tunnelId": state[TUNNEL].id, "config": {"ingresses": rules}},
        ),
        goal(
            RECORD,
            lambda state: {
                "zoneId": ZONE,
                "name": f"{name}.example.test",
                "type": "CNAME",
                "content": f"{state[TUNNEL].id}.cfargotunnel.com",
                "proxied": True,
                "ttl": 1,
            },
        ),
    ]


def up(rig: Rig, engine: MiniEngine, name: str) -> dict[str, str]:
    rig.plugin.invoke("cloudflare:index/getZone:getZone", filter={"name": "example.test"})
    return engine.up(program(name))


def inject(rig: Rig, call: str, **fault: Any) -> None:
    method, path = CALLS[call]
    rig.emulator.owner("PUT", "/faults", {"rules": [{"method": method, "path": path, "next": 1, **fault}]})


def count(emulator: Emulator, name: str) -> tuple[int, int]:
    """Number of tunnels and of records with this name."""
    tunnels = emulator.done("GET", f"/accounts/{ACCOUNT}/cfd_tunnel?name={name}&is_deleted=false")
    records = emulator.done("GET", f"/zones/{ZONE}/dns_records?name={name}.example.test")
    return len(tunnels), len(records)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("call", CALLS)
def test_an_update_survives(rig: Rig, call: str, fault: str) -> None:
    name, engine = f"t{secrets.token_hex(4)}", MiniEngine(rig.plugin)
    inject(rig, call, **FAULTS[fault])
    assert set(up(rig, engine, name).values()) == {"create"}
    assert rig.emulator.owner("GET", "/faults")["rules"][0]["next"] == 0
    assert count(rig.emulator, name) == (1, 1)
    assert set(up(rig, engine, name).values()) == {"same"}
    if fault == "429":
        assert rig.delays == [7]
    else:
        assert len(rig.delays) == (fault != "slow")


@pytest.mark.parametrize("fault", [{"kind": "drop"}, {"status": 502}], ids=["dropped", "502"])
@pytest.mark.parametrize(("call", "code"), [("tunnel creation", 1013), ("record creation", 81053)])
def test_a_creation_whose_reply_was_lost_conflicts_with_itself(
    rig: Rig, call: str, code: int, fault: dict[str, Any]
) -> None:
    """The client retries, as it must, and finds its own object; `python -m ops recover` imports it into the state."""
    name, engine = f"t{secrets.token_hex(4)}", MiniEngine(rig.plugin)
    inject(rig, call, performed=True, **fault)
    with pytest.raises(PluginError, match=rf'"code": ?{code}\b'):
        up(rig, engine, name)
    assert count(rig.emulator, name) == (1, int(code == 81053))


@pytest.mark.parametrize("fault", [{"kind": "drop"}, {"status": 502}], ids=["dropped", "502"])
def test_a_configuration_whose_reply_was_lost_is_written_again(rig: Rig, fault: dict[str, Any]) -> None:
    name, engine = f"t{secrets.token_hex(4)}", MiniEngine(rig.plugin)
    inject(rig, "configuration update", performed=True, **fault)
    up(rig, engine, name)
    assert set(up(rig, engine, name).values()) == {"same"}


def test_an_api_that_keeps_failing_is_reported(rig: Rig) -> None:
    rig.emulator.owner("PUT", "/faults", {"rules": [{"method": "POST", "path": "/cfd_tunnel$", "status": 500}]})
    with pytest.raises(PluginError, match="500 Internal Server Error"):
        up(rig, MiniEngine(rig.plugin), "never")
    assert len(rig.delays) == client.RETRIES
