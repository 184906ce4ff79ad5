"""Official downloads, verified against their pinned checksums."""

import contextlib
import hashlib
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from sandbox.tools.releases import CHECKSUMS, Release
from sandbox.tools.tool import Progress

if TYPE_CHECKING:
    # Most commands find all of their tools in the cache.
    import httpx

DECISION = "docs/decisions/pinned-checksums.md"


class DownloadUnavailable(Exception):
    """A release that cannot be downloaded, or does not match its checksum; the message says why."""


class Downloads:
    """Downloads releases, one after another. A host that does not answer is not tried again."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._unreachable: dict[str, DownloadUnavailable] = {}
        import httpx

        self._client = httpx.Client(follow_redirects=True, timeout=httpx.Timeout(30, connect=4))

    def fetch(self, release: Release, target: Path) -> None:
        """Writes the program of `release` to `target`, once its checksum is verified.

        Raises `DownloadUnavailable`. Nothing is unpacked before the checksum is verified, and nothing is downloaded
        whose checksum is not pinned.
        """
        name = release.name
        if not release.sha256:
            reason = f"no checksum of {release.url} is pinned in {CHECKSUMS.name} ({DECISION})"
            raise DownloadUnavailable(f"{reason}; `python -m scripts.checksums` pins it as its publisher lists it")
        archive = target.with_name(f"{target.name}.download")
        try:
            digest = self.receive(release.url, archive)
            if digest != release.sha256:
                raise DownloadUnavailable(
                    f"{name} was discarded: its SHA-256 is {digest}, but {release.sha256} is pinned"
                )
            if not release.member:
                archive.replace(target)
                return
            with tarfile.open(archive) as packed:
                member = packed.extractfile(release.member)
                if member is None:
                    raise DownloadUnavailable(f"{name} has no file {release.member}")
                with member, target.open("wb") as file:
                    while chunk := member.read(1 << 20):
                        file.write(chunk)
        except (tarfile.TarError, KeyError) as error:
            raise DownloadUnavailable(f"{name} is not a valid archive: {error}") from error
        finally:
            archive.unlink(missing_ok=True)

    def text(self, url: str) -> str:
        """The text at `url`. Raises `DownloadUnavailable`."""
        with self._get(url) as response:
            response.read()
            return response.text

    def receive(self, url: str, target: Path) -> str:
        """Writes the file at `url` to `target` and returns its SHA-256. Raises `DownloadUnavailable`."""
        digest, received, reported = hashlib.sha256(), 0, time.monotonic()
        with self._get(url) as response, target.open("wb") as file:
            size = int(response.headers.get("content-length", 0))
            self._progress(f"downloading {url}" + (f" ({size / 1e6:.0f} MB)" if size else ""))
            for chunk in response.iter_raw(1 << 20):
                digest.update(chunk)
                file.write(chunk)
                received += len(chunk)
                if time.monotonic() - reported > 10:
                    self._progress(f"received {received / 1e6:.0f} MB" + (f" of {size / 1e6:.0f}" if size else ""))
                    reported = time.monotonic()
        return digest.hexdigest()

    @contextlib.contextmanager
    def _get(self, url: str) -> "Iterator[httpx.Response]":
        import httpx

        host = httpx.URL(url).host
        if host in self._unreachable:
            raise self._unreachable[host]
        try:
            with self._client.stream("GET", url, headers={"accept-encoding": "identity"}) as response:
                if not response.is_success:
                    raise DownloadUnavailable(f"{host} answers {response.status_code} for {url}")
                yield response
        except httpx.HTTPError as error:
            reason = str(error) or type(error).__name__
            self._unreachable[host] = DownloadUnavailable(f"{host} cannot be reached ({reason})")
            raise self._unreachable[host] from error
