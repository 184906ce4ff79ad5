"""Which cloudflared binary is used."""

from pathlib import Path

import pytest

from sandbox.kubelet import cloudflared_binary
from sandbox.kubelet.cloudflared_binary import CloudflaredMissing
from sandbox.tools.catalog import this_platform
from sandbox.tools.download import Downloads, DownloadUnavailable
from sandbox.tools.releases import Release


@pytest.fixture(autouse=True)
def _no_binary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("CULVERT_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("CULVERT_CLOUDFLARED", raising=False)


@pytest.fixture
def downloads(monkeypatch: pytest.MonkeyPatch) -> list[Release]:
    """The downloads, all of which succeed."""
    releases: list[Release] = []

    def fetch(_self: Downloads, release: Release, target: Path) -> None:
        releases.append(release)
        target.write_text("#!/bin/sh\necho cloudflared version 2026.10.0\n")

    monkeypatch.setattr(Downloads, "fetch", fetch)
    return releases


def test_a_missing_binary_is_downloaded_once(downloads: list[Release]) -> None:
    assert cloudflared_binary.find() is None
    first, second = cloudflared_binary.obtain(print), cloudflared_binary.obtain(print)
    assert first == second == cloudflared_binary.find()
    assert first
    assert (first.version, first.origin) == (cloudflared_binary.VERSION, "official download, checksum verified")
    assert first.path.stat().st_mode & 0o111
    (release,) = downloads
    assert release is cloudflared_binary.RELEASES[this_platform()]


def test_a_binary_named_in_the_environment_is_the_only_one_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, downloads: list[Release]
) -> None:
    own = tmp_path / "own"
    assert cloudflared_binary.obtain(print)
    downloads.clear()
    monkeypatch.setenv("CULVERT_CLOUDFLARED", str(own))
    with pytest.raises(CloudflaredMissing, match=f"CULVERT_CLOUDFLARED is {own}, which is not"):
        cloudflared_binary.obtain(print)
    own.write_text("#!/bin/sh\necho cloudflared version 2025.1.0\n")
    own.chmod(0o755)
    found = cloudflared_binary.obtain(print)
    assert found
    assert (found.path, found.version, found.origin) == (own, "2025.1.0", "CULVERT_CLOUDFLARED")
    assert downloads == []


def test_a_failed_download_is_reported_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fetch(_self: Downloads, _release: Release, target: Path) -> None:
        target.write_text("half")
        raise DownloadUnavailable("github.com cannot be reached")

    monkeypatch.setattr(Downloads, "fetch", fetch)
    with pytest.raises(CloudflaredMissing, match="cloudflared cannot be downloaded: github\\.com"):
        cloudflared_binary.obtain(print)
    assert cloudflared_binary.find() is None
    assert [path.name for path in (tmp_path / "cache").rglob("*")] == ["lock"]
