"""Each call of an update meets each fault: the update converges, or it says what stands in its way.

The emulator plays the fault on the first call that matches; the client's waits are noted and not waited for.
"""

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from sandbox.providers.cloudflare import client
from tests.support.emulator import EVERYTHING, Emulated, served
from tests.support.plugin_client import Engine, Plugin, Refusal, Wanted, attached
from tests.support.recorded_program import ACCOUNT, CONFIG, RECORD, TUNNEL, ZONE

CALLS = {
    "the zone is looked up": ("GET", r"/zones\?"),
    "the tunnel is made": ("POST", "/cfd_tunnel$"),
    "the rules are written": ("PUT", "/configurations$"),
    "the record is made": ("POST", "/dns_records$"),
}
SILENCE = 0.3
"""Seconds that stand for 30: the client waits longer than that."""
FAULTS: dict[str, dict[str, Any]] = {
    "429": {"status": 429, "retry_after": 7},
    "500": {"status": 500},
    "dropped": {"kind": "drop"},
    "silence": {"kind": "delay", "delay": SILENCE},
}


@dataclass
class Rig:
    emulated: Emulated
    plugin: Plugin
    waits: list[float] = field(default_factory=list)


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulated]:
    path: Path = tmp_path_factory.mktemp("faults") / "cloudflare.sqlite3"
    with served(path) as emulator:
        zones = [{"id": ZONE, "name": "example.test", "account": ACCOUNT}]
        emulator.owner("POST", "/seed", {"accounts": [{"id": ACCOUNT, "name": "Home"}], "zones": zones})
        emulator.token = emulator.mint(EVERYTHING)
        yield emulator


@pytest.fixture
def rig(serving: Emulated, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    monkeypatch.setenv("CLOUDFLARE_BASE_URL", f"{str(serving.http.base_url).rstrip('/')}/client/v4")
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", serving.token)
    assert client.TIMEOUT > 30
    waits: list[float] = []
    delay = client._delay

    def noted(*of: Any) -> float:
        waits.append(delay(*of))
        return 0

    monkeypatch.setattr(client, "_delay", noted)
    with attached("cloudflare") as plugin:
        yield Rig(serving, plugin, waits)
    serving.owner("PUT", "/faults", {})


def program(name: str) -> list[Wanted]:
    """What an `up` asks of Cloudflare, for a tunnel and a hostname of this name."""

    def of(type: str, inputs: Callable[[Any], dict[str, Any]]) -> Wanted:
        return Wanted(type, type, inputs)

    rules = [{"hostname": f"{name}.example.test", "service": "http://blog"}, {"service": "http_status:404"}]
    return [
        of(TUNNEL, lambda _: {"accountId": ACCOUNT, "name": name, "configSrc": "cloudflare"}),
        of(
            CONFIG,
            lambda state: {"accountId": ACCOUNT, "tunnelId": state[TUNNEL].id, "config": {"ingresses": rules}},
        ),
        of(
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


def up(rig: Rig, engine: Engine, name: str) -> dict[str, str]:
    rig.plugin.invoke("cloudflare:index/getZone:getZone", filter={"name": "example.test"})
    return engine.up(program(name))


def meet(rig: Rig, call: str, **fault: Any) -> None:
    method, path = CALLS[call]
    rig.emulated.owner("PUT", "/faults", {"rules": [{"method": method, "path": path, "next": 1, **fault}]})


def made(emulated: Emulated, name: str) -> tuple[int, int]:
    """How many tunnels and records there are of this name."""
    tunnels = emulated.done("GET", f"/accounts/{ACCOUNT}/cfd_tunnel?name={name}&is_deleted=false")
    records = emulated.done("GET", f"/zones/{ZONE}/dns_records?name={name}.example.test")
    return len(tunnels), len(records)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("call", CALLS)
def test_an_update_survives(rig: Rig, call: str, fault: str) -> None:
    name, engine = f"t{secrets.token_hex(4)}", Engine(rig.plugin)
    meet(rig, call, **FAULTS[fault])
    assert set(up(rig, engine, name).values()) == {"create"}
    assert rig.emulated.owner("GET", "/faults")["rules"][0]["next"] == 0
    assert made(rig.emulated, name) == (1, 1)
    assert set(up(rig, engine, name).values()) == {"same"}
    if fault == "429":
        assert rig.waits == [7]
    else:
        assert len(rig.waits) == (fault != "silence")


@pytest.mark.parametrize("fault", [{"kind": "drop"}, {"status": 502}], ids=["dropped", "502"])
@pytest.mark.parametrize(("call", "code"), [("the tunnel is made", 1013), ("the record is made", 81053)])
def test_something_made_whose_answer_was_lost_is_in_its_own_way(
    rig: Rig, call: str, code: int, fault: dict[str, Any]
) -> None:
    """The client tries again, as it must, and meets what it has made: to be taken into the state by `python -m ops recover`."""
    name, engine = f"t{secrets.token_hex(4)}", Engine(rig.plugin)
    meet(rig, call, performed=True, **fault)
    with pytest.raises(Refusal, match=rf'"code": ?{code}\b'):
        up(rig, engine, name)
    assert made(rig.emulated, name) == (1, int(code == 81053))


@pytest.mark.parametrize("fault", [{"kind": "drop"}, {"status": 502}], ids=["dropped", "502"])
def test_rules_whose_answer_was_lost_are_written_again(rig: Rig, fault: dict[str, Any]) -> None:
    name, engine = f"t{secrets.token_hex(4)}", Engine(rig.plugin)
    meet(rig, "the rules are written", performed=True, **fault)
    up(rig, engine, name)
    assert set(up(rig, engine, name).values()) == {"same"}


def test_an_api_that_stays_out_of_order_is_told(rig: Rig) -> None:
    rig.emulated.owner("PUT", "/faults", {"rules": [{"method": "POST", "path": "/cfd_tunnel$", "status": 500}]})
    with pytest.raises(Refusal, match="500 Internal Server Error"):
        up(rig, Engine(rig.plugin), "never")
    assert len(rig.waits) == client.RETRIES
