"""The cloudflared binary: the user's own, or the official download of the version that the stack runs."""

import os
from pathlib import Path

from sandbox.tools.cache import build_folder, folder
from sandbox.tools.catalog import Release, this_platform
from sandbox.tools.download import Downloads, DownloadUnavailable
from sandbox.tools.plugins import find_cloudflared
from sandbox.tools.tool import Progress, Tool
from settings.options.images import TAG as VERSION

_PROJECT = "cloudflare/cloudflared/releases"
_ASSETS = {
    "linux-amd64": ("cloudflared-linux-amd64", ""),
    "linux-arm64": ("cloudflared-linux-arm64", ""),
    "darwin-amd64": ("cloudflared-darwin-amd64.tgz", "cloudflared"),
    "darwin-arm64": ("cloudflared-darwin-arm64.tgz", "cloudflared"),
}
"""By platform: the asset's name and, where that is an archive, the binary's name in it."""


def find() -> Tool | None:
    """cloudflared from `CULVERT_CLOUDFLARED` or the PATH, else from an earlier download. Downloads nothing."""
    own = find_cloudflared()
    if own or os.environ.get("CULVERT_CLOUDFLARED"):
        return own  # where the named binary does not work, no other one is used in its place
    path = _cached()
    return Tool("cloudflared", path, VERSION, "official download, checksum verified") if path.exists() else None


def obtain(progress: Progress) -> Tool | None:
    """cloudflared as `find` returns it, else downloaded and kept; None where that fails, with a line of progress."""
    existing = find()
    if existing or os.environ.get("CULVERT_CLOUDFLARED"):
        return existing
    asset, member = _ASSETS.get(this_platform(), ("", ""))
    if not asset:
        progress(f"there is no official cloudflared for {this_platform()}")
        return None
    url = f"https://github.com/{_PROJECT}/download/{VERSION}/{asset}"
    release = Release(url, f"https://api.github.com/repos/{_PROJECT}/tags/{VERSION}", member)
    with build_folder(progress) as work:
        _cached().parent.mkdir(parents=True, exist_ok=True)
        try:
            if not _cached().exists():
                Downloads(progress).fetch(release, work / "cloudflared")
                (work / "cloudflared").chmod(0o755)
                (work / "cloudflared").replace(_cached())
        except DownloadUnavailable as reason:
            progress(f"cloudflared cannot be downloaded: {reason}")
            return None
    return find()


def _cached() -> Path:
    return folder() / "tools" / f"cloudflared-{VERSION}-{this_platform()}" / "cloudflared"
