"""Where cloudflared comes from."""

from pathlib import Path

import pytest

from sandbox.kubelet import cloudflared_binary
from sandbox.tools.catalog import Release
from sandbox.tools.download import Downloads, DownloadUnavailable


@pytest.fixture(autouse=True)
def _nothing_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("CULVERT_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("CULVERT_CLOUDFLARED", raising=False)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Release]:
    """Downloads succeed, and are listed."""
    made: list[Release] = []

    def fetch(_self: Downloads, release: Release, target: Path) -> None:
        made.append(release)
        target.write_text("#!/bin/sh\necho cloudflared version 2026.7.3\n")

    monkeypatch.setattr(Downloads, "fetch", fetch)
    return made


def test_what_is_not_here_is_downloaded_once(asked: list[Release]) -> None:
    assert cloudflared_binary.find() is None
    first, second = cloudflared_binary.obtain(print), cloudflared_binary.obtain(print)
    assert first == second == cloudflared_binary.find()
    assert first
    assert (first.version, first.origin) == (cloudflared_binary.VERSION, "official download, checksum verified")
    assert first.path.stat().st_mode & 0o111
    (release,) = asked
    assert release.url.startswith(
        f"https://github.com/cloudflare/cloudflared/releases/download/{cloudflared_binary.VERSION}/"
    )
    assert (
        release.checksums
        == f"https://api.github.com/repos/cloudflare/cloudflared/releases/tags/{cloudflared_binary.VERSION}"
    )


def test_the_one_that_is_named_is_taken_or_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: list[Release]
) -> None:
    mine = tmp_path / "mine"
    assert cloudflared_binary.obtain(print)
    asked.clear()
    monkeypatch.setenv("CULVERT_CLOUDFLARED", str(mine))
    assert cloudflared_binary.obtain(print) is None
    mine.write_text("#!/bin/sh\necho cloudflared version 2025.1.0\n")
    mine.chmod(0o755)
    found = cloudflared_binary.obtain(print)
    assert found
    assert (found.path, found.version, found.origin) == (mine, "2025.1.0", "CULVERT_CLOUDFLARED")
    assert asked == []


def test_out_of_reach_is_said_and_not_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def fetch(_self: Downloads, _release: Release, target: Path) -> None:
        target.write_text("half")
        raise DownloadUnavailable("github.com cannot be reached")

    monkeypatch.setattr(Downloads, "fetch", fetch)
    said: list[str] = []
    assert cloudflared_binary.obtain(said.append) is None
    assert said == ["no download of cloudflared: github.com cannot be reached"]
    assert cloudflared_binary.find() is None
