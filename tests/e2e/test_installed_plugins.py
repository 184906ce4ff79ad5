"""Installed plugins are used in place of the stand-ins: the engine starts them itself.

Official plugins are not in package registries, so these tests install a program that speaks their protocol, and hide
those of the machine. The recordings in `tests/unit/sandbox/providers` show that the stand-ins behave as the official
plugins do.
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.services.providers import PROVIDERS
from sandbox.tools import plugin_version
from tests.e2e.conftest import Sandbox, settings
from tests.support.paths import PROJECT

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
    box = Sandbox(tmp_path / "home")
    box.env |= {"PATH": _without_plugins(box.env["PATH"]), "PULUMI_HOME": str(tmp_path / "pulumi")}
    yield box
    box.raw("down", "--delete")


def _without_plugins(path: str) -> str:
    """A PATH without the folders that contain a provider plugin."""
    programs = [f"pulumi-resource-{name}" for name in PROVIDERS]
    folders = path.split(os.pathsep)
    return os.pathsep.join(
        folder for folder in folders if not any((Path(folder) / program).exists() for program in programs)
    )


def _install(folder: Path) -> Path:
    """Installs the plugin in a folder; returns the file that the plugin creates when it starts."""
    folder.mkdir(parents=True)
    program = folder / "pulumi-resource-random"
    program.write_text(PLUGIN)
    program.chmod(0o755)
    return folder / "started"


@pytest.mark.parametrize("place", ["the PATH", "the plugin cache"])
def test_an_installed_plugin_is_used(box: Sandbox, tmp_path: Path, place: str) -> None:
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
    report = box.up("plugin", settings("plugin"))
    assert started.exists(), "the engine did not start the plugin"
    assert report["outputs"]["tunnelName"] == "culvert-plugin"
    assert box.up("plugin", settings("plugin"))["changes"] == []


def test_stand_ins_can_be_chosen_despite_an_installed_plugin(box: Sandbox, tmp_path: Path) -> None:
    _install(tmp_path / "bin")
    box.env |= {"PATH": f"{tmp_path / 'bin'}:{box.env['PATH']}", "CULVERT_SANDBOX_PROVIDERS": "standin"}
    assert box.run("status")["providers"]["random"]["kind"] == "standin"
