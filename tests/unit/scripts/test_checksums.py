"""The checksums of official downloads are pinned beside the versions, and move with them."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from sandbox.kubelet import cloudflared_binary
from sandbox.tools.catalog import CATALOG
from sandbox.tools.download import Downloads, DownloadUnavailable
from sandbox.tools.releases import CHECKSUMS, Release, pinned_checksums
from scripts.checksums import official_downloads, published_digest, update
from tests.support.publisher import Publisher

# These tools are built from their Go modules until `python -m scripts.checksums` has run where their hosts answer.
UNPINNED = {"promtool"}


def _update(file: Path, *releases: Release) -> list[str]:
    return update(file, list(releases), Downloads(lambda _: None))


def test_every_pinned_checksum_is_one_of_a_download_in_its_current_version() -> None:
    """After a version has changed, its old lines are still here until `python -m scripts.checksums` has run."""
    lines = [line for line in CHECKSUMS.read_text().splitlines() if not line.startswith("#")]
    assert [line for line in lines if not re.fullmatch(r"[0-9a-f]{64}  https://\S+", line)] == []
    assert len(pinned_checksums()) == len(lines)
    assert sorted(set(pinned_checksums()) - {release.url for release in official_downloads()}) == []


def test_each_tool_that_is_downloaded_is_pinned() -> None:
    assert {platform for platform, release in cloudflared_binary.RELEASES.items() if not release.sha256} == set()
    unpinned = {
        f"{name} {platform}"
        for name, entry in CATALOG.items()
        for platform, release in entry.releases.items()
        if not release.sha256 and name not in UNPINNED
    }
    assert unpinned <= {"kwok darwin-amd64"}


def test_an_update_pins_what_is_published_and_drops_other_versions(publisher: Publisher, tmp_path: Path) -> None:
    file = tmp_path / "checksums.txt"
    release = publisher.archive("etcd", "echo")
    file.write_text(f"{'0' * 64}  https://example.com/of-an-older-version\n")
    assert _update(file, replace(release, sha256="")) == []
    assert pinned_checksums(file) == {release.url: release.sha256}
    # Once pinned, it is neither downloaded again nor replaced.
    publisher.requests.clear()
    publisher.archive("etcd", "echo forged")
    assert _update(file, release) == []
    assert pinned_checksums(file) == {release.url: release.sha256}
    assert publisher.requests == []


def test_a_download_that_differs_from_what_is_published_is_not_pinned(publisher: Publisher, tmp_path: Path) -> None:
    file = tmp_path / "checksums.txt"
    file.write_text("")
    release = publisher.archive("etcd", "echo")
    publisher.files["/sums"] = f"{'1' * 64}  tool.tar.gz\n".encode()
    (failure,) = _update(file, release)
    assert failure == f"{release.url} has the SHA-256 {release.sha256}, but {'1' * 64} is published"
    assert pinned_checksums(file) == {}


@pytest.mark.parametrize(
    "published",
    [
        "a" * 64,
        f"{'a' * 64}\n",
        f"{'b' * 64}  tool-arm\n{'a' * 64}  tool\n",
        f"{'a' * 64} *./dist/tool\n\n",
        json.dumps({"assets": [{"name": "other"}, {"name": "tool", "digest": f"sha256:{'a' * 64}"}]}),
    ],
)
def test_a_checksum_is_read_in_each_published_form(published: str):
    assert published_digest(published, "tool") == "a" * 64


@pytest.mark.parametrize(
    "published",
    ["", "a" * 63, f"{'a' * 64}  tools", '{"assets": [{"name": "tool", "digest": null}]}', '{"message": "rate limit"}'],
)
def test_other_text_is_not_read_as_a_checksum(published: str):
    with pytest.raises(DownloadUnavailable, match="no checksum is published for tool"):
        published_digest(published, "tool")
