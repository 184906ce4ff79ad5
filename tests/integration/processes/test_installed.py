"""Installed programs are used if their version is supported."""

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox import tools
from sandbox.tools.catalog import CATALOG, KUBERNETES, MODULES

Program = Callable[[str, str], Path]


@pytest.fixture(autouse=True)
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CULVERT_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("CULVERT_CLOUDFLARED", raising=False)


@pytest.mark.parametrize(
    ("name", "output", "version"),
    [
        ("pulumi", "v3.200.1", "v3.200.1"),
        ("pulumi", "v2.9.0", None),
        ("pulumi", "v4.0.0", None),
        ("pulumi", "no version", None),
        ("etcd", "etcd Version: 3.5.21\nGit SHA: a17edfd\nGo Version: go1.23.7", "v3.5.21"),
        ("etcd", "etcd Version: 3.4.9", None),
        ("kwok", "kwok version v0.7.0 go1.25.0 (linux/amd64)", "v0.7.0"),
        ("kwok", "kwok version v0.5.2 go1.22.0 (linux/amd64)", None),
    ],
)
def test_a_program_on_the_path_is_used_if_its_version_is_supported(
    program: Program, name: str, output: str, version: str | None
):
    path = program(name, f"echo '{output}'")
    found = tools.find(name)
    assert found == (tools.Tool(name, path, version, "PATH") if version else None)


def test_a_program_that_fails_or_cannot_run_is_not_used(program: Program):
    program("etcd", "exit 1")
    assert tools.find("etcd") is None
    program("etcd", "").write_bytes(b"\x7fELF of another machine")
    assert tools.find("etcd") is None


def test_the_engine_does_not_check_for_updates_when_it_reports_its_version(program: Program):
    program("pulumi", 'test "$PULUMI_SKIP_UPDATE_CHECK" = true && echo v3.100.0')
    assert tools.find("pulumi") is not None


def test_the_kubernetes_programs_are_used_together(program: Program):
    for name in KUBERNETES[:2]:
        program(name, "echo Kubernetes v1.34.1")
    assert [tools.find(name) for name in KUBERNETES] == [None] * 3
    program(KUBERNETES[2], "echo Kubernetes v1.34.0")
    assert [tool.version for name in KUBERNETES if (tool := tools.find(name))] == ["v1.34.1", "v1.34.1", "v1.34.0"]


@pytest.mark.parametrize("versions", [("1.34.1", "1.35.0", "1.34.1"), ("1.29.9", "1.29.9", "1.29.9")])
def test_kubernetes_programs_that_are_too_old_or_of_different_versions_are_not_used(
    program: Program, versions: tuple[str, str, str]
):
    for name, version in zip(KUBERNETES, versions, strict=True):
        program(name, f"echo Kubernetes v{version}")
    assert [tools.find(name) for name in KUBERNETES] == [None] * 3


def test_kubebuilder_assets_precede_the_path(program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    program("etcd", "echo etcd Version: 3.5.1")
    assets = tmp_path / "assets"
    assets.mkdir()
    (assets / "etcd").write_text("#!/bin/sh\necho etcd Version: 3.6.1\n")
    (assets / "etcd").chmod(0o755)
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(assets))
    found = tools.find("etcd")
    assert found
    assert (found.version, found.origin) == ("v3.6.1", "KUBEBUILDER_ASSETS")


def plugin(folder: Path) -> Path:
    folder.mkdir(parents=True)
    path = folder / "pulumi-resource-cloudflare"
    path.touch(mode=0o755)
    return path


def test_a_cached_plugin_is_used_only_in_the_version_of_the_sdk(
    program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    del program  # an empty PATH
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path))
    plugin(tmp_path / "plugins" / "resource-cloudflare-v6.0.0")
    assert tools.find_plugin("cloudflare") is None
    version = f"v{tools.plugin_version('cloudflare')}"
    path = plugin(tmp_path / "plugins" / f"resource-cloudflare-{version}")
    found = tools.find_plugin("cloudflare")
    assert found
    assert (found.path, found.version) == (path, version)
    path.parent.with_name(f"{path.parent.name}.partial").touch()
    assert tools.find_plugin("cloudflare") is None


def test_a_plugin_on_the_path_is_used_unless_the_engine_ignores_it(
    program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path))
    path = program("pulumi-resource-random", "")
    found = tools.find_plugin("random")
    assert found
    assert (found.path, found.origin) == (path, "PATH")
    monkeypatch.setenv("PULUMI_IGNORE_AMBIENT_PLUGINS", "true")
    assert tools.find_plugin("random") is None


def test_cloudflared_is_found_by_its_variable_and_else_on_the_path(
    program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    assert tools.find_cloudflared() is None
    program("cloudflared", "echo 'cloudflared version 2025.1.0 (built 2025-01-01)'")
    chosen = tmp_path / "mine"
    os.symlink(program("other", "echo 'cloudflared version 2026.10.0 (built 2026-07-01)'"), chosen)
    monkeypatch.setenv("CULVERT_CLOUDFLARED", str(chosen))
    found = tools.find_cloudflared()
    assert found
    assert (found.path, found.version, found.origin) == (chosen, "2026.10.0", "CULVERT_CLOUDFLARED")
    monkeypatch.delenv("CULVERT_CLOUDFLARED")
    on_path = tools.find_cloudflared()
    assert on_path
    assert (on_path.version, on_path.origin) == ("2025.1.0", "PATH")


@pytest.mark.parametrize("name", CATALOG)
def test_each_module_pins_the_version_of_the_catalog(name: str):
    entry = CATALOG[name]
    module = MODULES / entry.module
    source = (module / ("main.go" if entry.package == "." else "tools.go")).read_text()
    requirements = re.findall(r"^require (\S+) (\S+)$", (module / "go.mod").read_text(), re.MULTILINE)
    assert [version for _, version in requirements] == [entry.module_version or entry.version]
    owner = requirements[0][0]
    # A main of our own imports packages of the module.
    package = f'"{entry.package}"' if entry.package != "." else f'"{owner}/pkg/'
    assert package.startswith(f'"{owner}')
    assert package in source
