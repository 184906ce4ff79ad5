"""The cloudflared binary: the user's own, or the official download of the version that the stack runs."""

import os

from sandbox.tools import releases
from sandbox.tools.cache import build_folder, cached, store
from sandbox.tools.catalog import this_platform
from sandbox.tools.download import Downloads, DownloadUnavailable
from sandbox.tools.plugins import find_cloudflared
from sandbox.tools.tool import Progress, Tool
from settings.options.images import TAG as VERSION

RELEASES = {
    f"{system}-{arch}": releases.cloudflared(VERSION, system, arch)
    for system in ("linux", "darwin")
    for arch in ("amd64", "arm64")
}
"""By platform."""


def find() -> Tool | None:
    """cloudflared from `CULVERT_CLOUDFLARED` or the PATH, else from an earlier download. Downloads nothing."""
    own = find_cloudflared()
    if own or os.environ.get("CULVERT_CLOUDFLARED"):
        return own  # where the named binary does not work, no other one is used in its place
    return cached("cloudflared", VERSION)


class CloudflaredMissing(Exception):
    """There is no cloudflared; the message says why."""


def obtain(progress: Progress) -> Tool:
    """cloudflared as `find` returns it, else downloaded and kept. Raises CloudflaredMissing where that fails."""
    if existing := find():
        return existing
    if named := os.environ.get("CULVERT_CLOUDFLARED"):
        raise CloudflaredMissing(f"CULVERT_CLOUDFLARED is {named}, which is not a cloudflared that runs")
    release = RELEASES.get(this_platform())
    if not release:
        raise CloudflaredMissing(f"there is no official cloudflared for {this_platform()}")
    with build_folder(progress) as work:
        # Another process may have cached it while this one waited for the build folder.
        if tool := cached("cloudflared", VERSION):
            return tool
        try:
            Downloads(progress).fetch(release, work / "cloudflared")
        except DownloadUnavailable as reason:
            raise CloudflaredMissing(f"cloudflared cannot be downloaded: {reason}") from None
        return store("cloudflared", VERSION, work / "cloudflared", "official download, checksum verified")
