"""Installed plugins are used in place of the stand-ins: the engine starts them itself.

Official plugins are not in package registries, so what is installed here is a program that speaks as one, on a machine
that has no others. That the stand-ins do what the official plugins do is shown by the recordings
(`tests/unit/sandbox/providers`).
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.services.providers import PROVIDERS
from sandbox.tools import plugin_version
from tests.e2e.conftest import PROJECT, Sandbox, settings

PLUGIN = f"""#!{sys.executable}
import pathlib, sys, threading
sys.path.insert(0, {str(PROJECT)!r})
from sandbox.providers.__main__ import serve
pathlib.Path(__file__).with_name("started").touch()
servers, ports = serve(["random"])
print(ports["random"], flush=True)
threading.Event().wait()
"""


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Sandbox]:
    made = Sandbox(tmp_path / "home")
    made.env |= {"PATH": _without_plugins(made.env["PATH"]), "PULUMI_HOME": str(tmp_path / "pulumi")}
    yield made
    made.raw("down", "--delete")


def _without_plugins(path: str) -> str:
    """A PATH without the folders that hold a provider plugin of this machine's user."""
    programs = [f"pulumi-resource-{name}" for name in PROVIDERS]
    folders = path.split(os.pathsep)
    return os.pathsep.join(
        folder for folder in folders if not any((Path(folder) / program).exists() for program in programs)
    )


def _install(folder: Path) -> Path:
    """Puts the plugin into a folder; gives the file that it makes when it is started."""
    folder.mkdir(parents=True)
    program = folder / "pulumi-resource-random"
    program.write_text(PLUGIN)
    program.chmod(0o755)
    return folder / "started"


@pytest.mark.parametrize("place", ["the PATH", "the plugin cache"])
def test_a_plugin_that_is_there_is_used(box: Sandbox, tmp_path: Path, place: str) -> None:
    if place == "the PATH":
        started = _install(tmp_path / "bin")
        box.env["PATH"] = f"{tmp_path / 'bin'}:{box.env['PATH']}"
    else:
        started = _install(tmp_path / "pulumi" / "plugins" / f"resource-random-v{plugin_version('random')}")
    providers = box.run("status")["providers"]
    assert {name: provider["kind"] for name, provider in providers.items()} == {
        "cloudflare": "standin",
        "kubernetes": "standin",
        "random": "official",
    }
    assert not started.exists()
    made = box.up("plugin", settings("plugin"))
    assert started.exists(), "the engine started it"
    assert made["outputs"]["tunnelName"] == "culvert-plugin"
    assert box.up("plugin", settings("plugin"))["changes"] == []


def test_stand_ins_can_be_asked_for(box: Sandbox, tmp_path: Path) -> None:
    _install(tmp_path / "bin")
    box.env |= {"PATH": f"{tmp_path / 'bin'}:{box.env['PATH']}", "CULVERT_SANDBOX_PROVIDERS": "standin"}
    assert box.run("status")["providers"]["random"]["kind"] == "standin"
