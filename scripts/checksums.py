"""Pins the SHA-256 of every official download of the sandbox's tools: `python -m scripts.checksums`.

Run it after a version in `sandbox/tools/catalog.py` or `settings/options/images.py` has changed. It downloads each file
whose checksum is not pinned, compares it with the checksum that its publisher lists, and writes
`sandbox/tools/checksums.txt`. Compare a new line with a second source before you commit it: the list and the file come
from the same host.
"""

import json
import re
import sys
import tempfile
from pathlib import Path

from sandbox.kubelet import cloudflared_binary
from sandbox.tools.catalog import CATALOG
from sandbox.tools.download import Downloads, DownloadUnavailable
from sandbox.tools.releases import CHECKSUMS, Release, pinned_checksums

_HEADING = "# The SHA-256 of each official download. `python -m scripts.checksums` writes this file for a new version."


def official_downloads() -> list[Release]:
    """Every file that the sandbox may download, by URL."""
    releases = [release for entry in CATALOG.values() for release in entry.releases.values()]
    return sorted({*releases, *cloudflared_binary.RELEASES.values()}, key=lambda release: release.url)


def published_digest(published: str, name: str) -> str:
    """The SHA-256 of the file `name` from its publisher's document: lines of digest and name, a single digest, or
    GitHub's description of a release. Raises `DownloadUnavailable` if the document does not have it."""
    digest = None
    if published.lstrip().startswith("{"):
        assets = json.loads(published).get("assets", [])
        digest = next((asset.get("digest") for asset in assets if asset.get("name") == name), None)
    else:
        for line in published.splitlines():
            first, *names = line.split()
            if not names or names[-1].lstrip("*").rsplit("/", 1)[-1] == name:
                digest = first
                break
    match = re.fullmatch(r"(?:sha256:)?([0-9a-f]{64})", digest or "")
    if not match:
        raise DownloadUnavailable(f"no checksum is published for {name}")
    return match[1]


def digest_of(release: Release, downloads: Downloads, folder: Path) -> str:
    """The SHA-256 of the file as downloaded. Raises `DownloadUnavailable` if its publisher lists another one."""
    published = published_digest(downloads.text(release.published), release.name)
    digest = downloads.receive(release.url, folder / "download")
    if digest != published:
        raise DownloadUnavailable(f"{release.url} has the SHA-256 {digest}, but {published} is published")
    return digest


def update(file: Path, releases: list[Release], downloads: Downloads) -> list[str]:
    """Writes the checksums of `releases` to `file`, and no others; returns why some are missing.

    A checksum that is pinned stays: its file is not downloaded again.
    """
    pinned, failures, lines = pinned_checksums(file), [], []
    with tempfile.TemporaryDirectory() as folder:
        for release in releases:
            try:
                digest = pinned.get(release.url) or digest_of(release, downloads, Path(folder))
                lines.append(f"{digest}  {release.url}")
            except DownloadUnavailable as error:
                failures.append(str(error))
    file.write_text("\n".join([_HEADING, *lines]) + "\n", encoding="utf-8")
    return failures


if __name__ == "__main__":
    missing = update(CHECKSUMS, official_downloads(), Downloads(lambda line: print(line, file=sys.stderr)))
    sys.exit("\n".join(missing) or None)
