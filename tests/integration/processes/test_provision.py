"""Missing tools are downloaded as published or built as pinned: once, and completely or not at all."""

import errno
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sandbox import tools
from sandbox.errors import SandboxError
from sandbox.tools import provision
from sandbox.tools.catalog import CATALOG, this_platform
from sandbox.tools.download import Downloads, DownloadUnavailable
from sandbox.tools.releases import Release
from tests.support.paths import PROJECT
from tests.support.processes import alive, eventually
from tests.support.publisher import Publisher

Program = Callable[[str, str], Path]

NAME = "cyclonus"
"""A tool without an official download, which is always built."""

GO = """
case "$1" in
env) echo go1.26.4; echo auto;;
build)
    echo built >> "$BUILDS"
    while [ "$1" != -o ]; do shift; done
    printf '#!/bin/sh\\necho made by go\\n' > "$2";;
esac
"""


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("CULVERT_CACHE", str(folder))
    monkeypatch.setenv("BUILDS", str(tmp_path / "builds"))
    return folder


@pytest.fixture
def builds(tmp_path: Path) -> Callable[[], int]:
    """The number of builds that Go was asked for."""
    log = tmp_path / "builds"
    return lambda: len(log.read_text().splitlines()) if log.exists() else 0


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Release], None]:
    """Replaces the tool's official download in the catalog."""
    return lambda name, release: monkeypatch.setitem(CATALOG[name].releases, this_platform(), release)


def leftovers(cache: Path) -> list[Path]:
    return list(cache.glob(".culvert-build-*"))


def test_a_tool_is_built_once_and_then_cached(program: Program, builds: Callable[[], int], cache: Path):
    program("go", GO)
    messages: list[str] = []
    tool = tools.ensure([NAME], messages.append)[NAME]
    assert subprocess.check_output([tool.path], text=True) == "made by go\n"
    assert tool.origin == "built from its Go module, cached"
    assert any("building cyclonus v0.5.6, 1 of 1: about 1 minute, once" in line for line in messages)
    messages.clear()
    assert tools.ensure([NAME, NAME], messages.append) == {NAME: tool} == {NAME: tools.find(NAME)}
    assert (builds(), messages) == (1, [])
    assert leftovers(cache) == []


def test_a_download_with_the_pinned_checksum_is_used(
    program: Program, builds: Callable[[], int], publisher: Publisher, published: Callable[[str, Release], None]
):
    program("go", GO)
    published("etcd", publisher.archive("etcd-v9/etcd", "#!/bin/sh\necho downloaded\n"))
    tool = tools.ensure(["etcd"], lambda _: None)["etcd"]
    assert subprocess.check_output([tool.path], text=True) == "downloaded\n"
    assert tool.origin == "official download, checksum verified"
    assert builds() == 0


def test_a_download_with_another_checksum_is_discarded_and_the_tool_built(
    program: Program, publisher: Publisher, published: Callable[[str, Release], None]
):
    program("go", GO)
    release = publisher.archive("etcd-v9/etcd", "#!/bin/sh\necho downloaded\n")
    published("etcd", replace(release, sha256="1" * 64))
    messages: list[str] = []
    tool = tools.ensure(["etcd"], messages.append)["etcd"]
    assert subprocess.check_output([tool.path], text=True) == "made by go\n"
    discarded = f"its SHA-256 is {release.sha256}, but {'1' * 64} is pinned"
    assert any(discarded in line for line in messages)


def test_the_publisher_is_not_asked_for_the_checksum(publisher: Publisher, tmp_path: Path):
    """A host that serves another file can serve another list of checksums beside it."""
    release = publisher.archive("etcd", "echo")
    forged = publisher.archive("etcd", "echo something else")
    assert forged.sha256 != release.sha256
    with pytest.raises(DownloadUnavailable, match=f"{release.sha256} is pinned"):
        Downloads(lambda _: None).fetch(release, tmp_path / "etcd")
    assert publisher.requests == ["/tool.tar.gz"]
    assert not list(tmp_path.glob("etcd*"))


def test_a_download_without_a_pinned_checksum_is_not_attempted(publisher: Publisher, tmp_path: Path):
    release = replace(publisher.archive("etcd", "echo"), sha256="")
    with pytest.raises(
        DownloadUnavailable,
        match=rf"no checksum of {release.url} is pinned in checksums\.txt \(docs/decisions/pinned-checksums\.md\)",
    ):
        Downloads(lambda _: None).fetch(release, tmp_path / "etcd")
    assert publisher.requests == []


def test_an_archive_without_the_program_is_rejected(publisher: Publisher, tmp_path: Path):
    release = publisher.archive("README", "hello")
    with pytest.raises(DownloadUnavailable, match="is not a valid archive"):
        Downloads(lambda _: None).fetch(replace(release, member="bin/etcd"), tmp_path / "etcd")


def test_an_unreachable_host_is_tried_once(publisher: Publisher, tmp_path: Path):
    downloads = Downloads(lambda _: None)
    release = publisher.archive("etcd", "echo")
    publisher.close()
    with pytest.raises(DownloadUnavailable, match="cannot be reached"):
        downloads.fetch(release, tmp_path / "etcd")
    again = Publisher()
    try:
        release = again.archive("etcd", "echo")
        with pytest.raises(DownloadUnavailable, match="cannot be reached"):
            downloads.fetch(release, tmp_path / "etcd")
        assert again.requests == []
    finally:
        again.close()


def test_without_go_the_error_names_the_version_and_the_download_page(program: Program, cache: Path):
    del program  # a PATH without Go
    with pytest.raises(SandboxError, match=r"there is no Go on the PATH. Install it from https://go.dev/dl/") as caught:
        tools.ensure([NAME], lambda _: None)
    assert "cyclonus v0.5.6 is not on the PATH" in caught.value.message
    assert "needs Go 1.26 or newer" in caught.value.message
    assert (caught.value.key, caught.value.source) == ("go", "https://go.dev/dl/")
    assert leftovers(cache) == []


@pytest.mark.parametrize(
    ("platform", "name", "reason", "accepted"),
    [
        (
            "darwin-amd64",
            "kwok",
            "no checksum of https://github.com/kubernetes-sigs/kwok/releases/download/v0.8.0/kwok-darwin-amd64 is "
            "pinned in checksums.txt (docs/decisions/pinned-checksums.md); `python -m scripts.checksums` pins it",
            "kwok on the PATH, access to its official download, its checksum pinned, or Go 1.26 or newer",
        ),
        ("darwin-arm64", "etcd", "no official download for darwin-arm64", "etcd on the PATH, or Go 1.26 or newer"),
    ],
)
def test_a_platform_without_a_download_is_named_with_the_ways_out(
    program: Program, monkeypatch: pytest.MonkeyPatch, platform: str, name: str, reason: str, accepted: str
):
    del program  # a PATH without Go
    monkeypatch.setattr(provision, "this_platform", lambda: platform)
    with pytest.raises(SandboxError, match=re.escape(reason)) as caught:
        tools.ensure([name], lambda _: None)
    assert caught.value.accepted == accepted


@pytest.mark.parametrize(
    ("version", "toolchain", "accepted"),
    [
        ("go1.26.0", "local", True),
        ("go1.27rc1", "auto", True),
        ("devel go1.28-abcdef", "auto", True),
        ("go1.25.9", "local", False),
        ("go1.25.9", "go1.25.9", False),
        ("go1.25.9", "auto", True),
        ("go1.20.3", "auto", False),
    ],
)
def test_an_old_go_is_rejected_unless_it_can_download_a_newer_toolchain(
    program: Program, version: str, toolchain: str, accepted: bool
):
    program("go", GO.replace("go1.26.4", version).replace("auto", toolchain))
    if accepted:
        assert tools.ensure([NAME], lambda _: None)
    else:
        with pytest.raises(SandboxError, match=rf"the Go on the PATH is {version.removeprefix('go')[:4]}"):
            tools.ensure([NAME], lambda _: None)


def test_a_failed_build_reports_the_output_of_go_and_why_the_download_failed(
    program: Program, publisher: Publisher, published: Callable[[str, Release], None], cache: Path
):
    program("go", 'test "$1" = env && { echo go1.26.0; echo auto; exit; }; echo "no such module"; exit 1')
    published("etcd", Release(f"{publisher.url}/missing", "0" * 64, f"{publisher.url}/missing.sha256"))
    with pytest.raises(SandboxError, match=r"(?s)etcd v3.6.8 .*answers 404.*cannot be built.*no such module"):
        tools.ensure(["etcd"], lambda _: None)
    assert tools.find("etcd") is None
    assert leftovers(cache) == []


def test_a_killed_build_reports_the_signal(program: Program):
    program("go", GO.replace("build)", "build) kill -9 $$"))
    with pytest.raises(SandboxError, match=r"Go was killed by signal 9$"):
        tools.ensure([NAME], lambda _: None)


def test_the_build_cache_is_temporary_and_the_users_is_not_used(program: Program, tmp_path: Path, cache: Path):
    seen = tmp_path / "environment"
    program("go", f'test "$1" = env || env > {seen}\n{GO}')
    tools.ensure([NAME], lambda _: None)
    environment = dict(line.split("=", 1) for line in seen.read_text().splitlines() if "=" in line)
    assert environment["CGO_ENABLED"] == "0"
    for variable in ("GOCACHE", "GOTMPDIR"):
        assert Path(environment[variable]).is_relative_to(cache)
        assert not Path(environment[variable]).exists()


def another() -> subprocess.Popen[str]:
    """Another process that ensures the tool. It handles SIGINT, which a shell makes background processes ignore."""
    script = f"""
import signal
from sandbox import tools
signal.signal(signal.SIGINT, signal.default_int_handler)
print(tools.ensure([{NAME!r}], print)[{NAME!r}].path)
"""
    command = [sys.executable, "-u", "-c", script]
    return subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True)


def test_two_processes_build_once_and_the_second_reports_that_it_waits(
    program: Program, tmp_path: Path, builds: Callable[[], int]
):
    go_on = tmp_path / "go-on"
    os.mkfifo(go_on)
    program("go", GO.replace("build)", f"build) read -r _ < {go_on}"))
    first = another()
    eventually(lambda: leftovers(tmp_path / "cache"))
    second = another()
    assert second.stdout
    assert second.stdout.readline() == "another process is downloading or building tools; waiting for it\n"
    go_on.write_text("\n")
    outputs = [first.communicate(timeout=60)[0], second.communicate(timeout=60)[0]]
    paths = {output.splitlines()[-1] for output in outputs}
    assert (builds(), len(paths)) == (1, 1)
    assert Path(paths.pop()).exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_build_leaves_no_process_and_no_file(
    program: Program, tmp_path: Path, cache: Path, number: signal.Signals
):
    pids = tmp_path / "pids"
    program("go", GO.replace("build)", f"build) sleep 600 & echo $$ $! > {pids}; wait"))
    builder = another()
    eventually(lambda: pids.exists() and len(pids.read_text().split()) == 2)
    builder.send_signal(number)
    builder.communicate(timeout=60)
    assert builder.returncode != 0
    for pid in map(int, pids.read_text().split()):
        eventually(lambda pid=pid: not alive(pid))
    assert [path.name for path in cache.iterdir()] == ["lock"]


def test_an_interruption_during_the_start_of_go_starts_no_build(
    program: Program, builds: Callable[[], int], cache: Path, monkeypatch: pytest.MonkeyPatch
):
    started: list[int] = []

    class Interrupted(subprocess.Popen[bytes]):
        """A process that starts, and an interruption before the caller knows it."""

        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            if options.get("start_new_session"):
                started.append(self.pid)
                if self.stdin:  # as subprocess does when it is interrupted
                    self.stdin.close()
                raise KeyboardInterrupt

    program("go", GO)
    monkeypatch.setattr(subprocess, "Popen", Interrupted)
    with pytest.raises(KeyboardInterrupt):
        tools.ensure([NAME], lambda _: None)
    eventually(lambda: not alive(started[0]))
    assert builds() == 0
    assert [path.name for path in cache.iterdir()] == ["lock"]


def test_remains_of_a_killed_process_are_removed(program: Program, cache: Path):
    program("go", GO)
    (cache / ".culvert-build-killed" / "gocache").mkdir(parents=True)
    # The cache may be a folder of the user's, with other files.
    (cache / "work-of-mine").mkdir()
    place = cache / "tools" / f"{NAME}-v0.5.6-{this_platform()}"
    place.mkdir(parents=True)
    (place / NAME).write_text("half a program")
    tools.ensure([NAME], lambda _: None)
    assert leftovers(cache) == []
    assert (cache / "work-of-mine").is_dir()
    assert "half" not in (place / NAME).read_text()


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS])
def test_an_unwritable_cache_is_reported(cache: Path, monkeypatch: pytest.MonkeyPatch, number: int):
    def deny(*_args: object, **_kwargs: object) -> None:
        raise OSError(number, os.strerror(number), str(cache))

    monkeypatch.setattr(Path, "mkdir", deny)
    with pytest.raises(SandboxError, match="which is not writable") as caught:
        provision.ensure([NAME], lambda _: None)
    assert caught.value.key == "CULVERT_CACHE"
