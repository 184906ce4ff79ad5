"""The connector's program: somebody's own, or the official download of the version that the stack runs."""

import os
from pathlib import Path

from sandbox.tools.cache import folder, workshop
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
"""By platform, the file's name and, in an archive, the program's."""


def find() -> Tool | None:
    """cloudflared as `CULVERT_CLOUDFLARED` or the PATH has it, else as it was downloaded before. Gets nothing."""
    own = find_cloudflared()
    if own or os.environ.get("CULVERT_CLOUDFLARED"):
        return own  # a wish that cannot be met is not met with something else
    place = _place()
    return Tool("cloudflared", place, VERSION, "official download, checksum verified") if place.exists() else None


def obtain(progress: Progress) -> Tool | None:
    """cloudflared as `find` has it, else downloaded for all later runs; None, and `progress` gets the reason, where neither is to be had."""
    found = find()
    if found or os.environ.get("CULVERT_CLOUDFLARED"):
        return found
    name, member = _ASSETS.get(this_platform(), ("", ""))
    if not name:
        progress(f"nobody publishes cloudflared for {this_platform()}")
        return None
    url = f"https://github.com/{_PROJECT}/download/{VERSION}/{name}"
    release = Release(url, f"https://api.github.com/repos/{_PROJECT}/tags/{VERSION}", member)
    with workshop(progress) as work:
        _place().parent.mkdir(parents=True, exist_ok=True)
        try:
            if not _place().exists():
                Downloads(progress).fetch(release, work / "cloudflared")
                (work / "cloudflared").chmod(0o755)
                (work / "cloudflared").replace(_place())
        except DownloadUnavailable as reason:
            progress(f"no download of cloudflared: {reason}")
            return None
    return find()


def _place() -> Path:
    return folder() / "tools" / f"cloudflared-{VERSION}-{this_platform()}" / "cloudflared"
