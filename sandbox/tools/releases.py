"""The official downloads of tools, and their checksums, which are pinned in `checksums.txt`."""

from dataclasses import dataclass
from pathlib import Path

CHECKSUMS = Path(__file__).with_name("checksums.txt")
"""Lines of SHA-256 and URL. `python -m scripts.checksums` writes it."""


@dataclass(frozen=True)
class Release:
    """An official download: a program, or a `.tar.gz` with the program at `member`.

    `sha256` is pinned, and empty if it is not known: then the release is not downloaded. `published` is the URL of the
    publisher's checksums, with which `python -m scripts.checksums` compares what it pins.
    """

    url: str
    sha256: str
    published: str
    member: str = ""

    @property
    def name(self) -> str:
        """The file's name."""
        return self.url.rsplit("/", 1)[-1]


def pinned_checksums(file: Path = CHECKSUMS) -> dict[str, str]:
    """SHA-256 by URL."""
    lines = (line.split() for line in file.read_text(encoding="utf-8").splitlines() if line and line[0] != "#")
    return {url: digest for digest, url in lines}


_PINNED = pinned_checksums()


def _release(url: str, published: str, member: str = "") -> Release:
    return Release(url, _PINNED.get(url, ""), published, member)


def pulumi(version: str, system: str, arch: str) -> Release:
    base = "https://get.pulumi.com/releases/sdk/pulumi-"
    archive = f"{base}{version}-{system}-{arch.replace('amd64', 'x64')}.tar.gz"
    return _release(archive, f"{base}{version.removeprefix('v')}-checksums.txt", "pulumi/pulumi")


def etcd(version: str, system: str, arch: str) -> Release:
    base, name = f"https://github.com/etcd-io/etcd/releases/download/{version}", f"etcd-{version}-{system}-{arch}"
    return _release(f"{base}/{name}.tar.gz", f"{base}/SHA256SUMS", f"{name}/etcd")


def kwok(version: str, system: str, arch: str) -> Release:
    # The project publishes no checksums; GitHub's API has the digests of the uploaded files.
    project = "kubernetes-sigs/kwok/releases"
    url = f"https://github.com/{project}/download/{version}/kwok-{system}-{arch}"
    return _release(url, f"https://api.github.com/repos/{project}/tags/{version}")


def promtool(version: str, system: str, arch: str) -> Release:
    base = f"https://github.com/prometheus/prometheus/releases/download/{version}"
    name = f"prometheus-{version.removeprefix('v')}.{system}-{arch}"
    return _release(f"{base}/{name}.tar.gz", f"{base}/sha256sums.txt", f"{name}/promtool")


def kubernetes(program: str, version: str, system: str, arch: str) -> Release:
    url = f"https://dl.k8s.io/{version}/bin/{system}/{arch}/{program}"
    return _release(url, f"{url}.sha256")


def cloudflared(version: str, system: str, arch: str) -> Release:
    # For macOS, an archive. Its checksum is not the one of the release notes, which is that of the program in it.
    archive = system == "darwin"
    project = "cloudflare/cloudflared/releases"
    url = f"https://github.com/{project}/download/{version}/cloudflared-{system}-{arch}{'.tgz' if archive else ''}"
    return _release(url, f"https://api.github.com/repos/{project}/tags/{version}", "cloudflared" if archive else "")
