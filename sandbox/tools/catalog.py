"""The catalog of tools: pinned version, official downloads, and how each is built."""

import platform
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.tools import releases
from sandbox.tools.releases import Release

MODULES = Path(__file__).parent / "modules"
"""A Go module per folder; each pins a program and its dependencies by checksum."""


@dataclass(frozen=True)
class Entry:
    """One tool. An installed copy is used from version `oldest` (major, minor) to major version `newest_major`.
    `minutes` is roughly the build time on two cores without a cache."""

    version: str
    module: str
    package: str
    minutes: int
    oldest: tuple[int, int]
    newest_major: int
    ldflags: str = ""
    tags: str = ""
    """Go build tags that leave out parts of the program."""
    module_version: str = ""
    """The Go module's version, where it differs from the program's."""
    probe: tuple[str, ...] = ("--version",)
    releases: dict[str, Release] = field(default_factory=dict)
    """By platform, `linux-amd64`; on other platforms the tool is built."""

    @property
    def pinned(self) -> str:
        """The version without its `v`."""
        return self.version.removeprefix("v")


KUBERNETES = ("kube-apiserver", "kube-controller-manager", "kube-scheduler")
"""Used together, so all of them come from one place."""

_PULUMI, _ETCD, _KUBE, _KWOK, _PROMETHEUS = "v3.259.0", "v3.6.8", "v1.36.3", "v0.8.0", "v3.16.0"


_ARCHES = ("amd64", "arm64")
_EVERYWHERE = [(system, arch) for system in ("linux", "darwin") for arch in _ARCHES]
_KUBE_MAJOR, _KUBE_MINOR, _ = _KUBE.removeprefix("v").split(".")
_KUBE_STAMP = {"gitVersion": _KUBE, "gitMajor": _KUBE_MAJOR, "gitMinor": _KUBE_MINOR}

CATALOG: dict[str, Entry] = {
    "pulumi": Entry(
        version=_PULUMI,
        module="pulumi",
        package="github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
        minutes=4,
        oldest=(3, 0),
        newest_major=3,
        ldflags=f"-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version={_PULUMI}",
        probe=("version",),
        releases={f"{system}-{arch}": releases.pulumi(_PULUMI, system, arch) for system, arch in _EVERYWHERE},
    ),
    "pulumi-language-yaml": Entry(
        version="v1.25.0",
        module="pulumi-language-yaml",
        package="github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml",
        minutes=1,
        oldest=(1, 0),
        newest_major=1,
        # It has no option that prints its version: a copy on the PATH is not used.
        ldflags="-X github.com/pulumi/pulumi-yaml/pkg/version.Version=v1.25.0",
    ),
    "etcd": Entry(
        version=_ETCD,
        module="etcd",
        package="go.etcd.io/etcd/server/v3",
        minutes=1,
        oldest=(3, 5),
        newest_major=3,
        releases={f"linux-{arch}": releases.etcd(_ETCD, "linux", arch) for arch in _ARCHES},
    ),
    "kwok": Entry(
        version=_KWOK,
        module="kwok",
        package="sigs.k8s.io/kwok/cmd/kwok",
        minutes=1,
        oldest=(0, 7),
        newest_major=0,
        releases={f"{system}-{arch}": releases.kwok(_KWOK, system, arch) for system, arch in _EVERYWHERE},
    ),
    "cyclonus": Entry(
        version="v0.5.6",
        module="cyclonus",
        package="github.com/mattfenwick/cyclonus/cmd/cyclonus",
        minutes=1,
        oldest=(0, 5),
        newest_major=0,
        ldflags="-X github.com/mattfenwick/cyclonus/pkg/cli.version=v0.5.6",
        probe=("version",),
    ),
    "kube-network-policies": Entry(
        version="v0.8.0",
        module="kube-network-policies",
        # Upstream's enforcer with a main of our own: upstream's finds no API server from outside a pod. Neither prints
        # its version: a copy on the PATH is not used.
        package=".",
        minutes=4,
        oldest=(0, 8),
        newest_major=0,
    ),
    "promtool": Entry(
        version=_PROMETHEUS,
        module="promtool",
        # The Go module of Prometheus 3 has version v0.3xx.
        module_version="v0.316.0",
        package="github.com/prometheus/prometheus/cmd/promtool",
        minutes=3,
        oldest=(3, 0),
        newest_major=3,
        ldflags=f"-X github.com/prometheus/common/version.Version={_PROMETHEUS.removeprefix('v')}",
        # Without service discovery, and so without the clients of two dozen clouds.
        tags="remove_all_sd",
        releases={f"{system}-{arch}": releases.promtool(_PROMETHEUS, system, arch) for system, arch in _EVERYWHERE},
    ),
    "actionlint": Entry(
        version="v1.7.12",
        module="actionlint",
        package="github.com/rhysd/actionlint/cmd/actionlint",
        minutes=1,
        oldest=(1, 7),
        newest_major=1,
        ldflags="-X github.com/rhysd/actionlint.version=1.7.12",
    ),
    "sealed-secrets": Entry(
        version="v0.40.0",
        module="sealed-secrets",
        # Upstream's controller with a main of our own: upstream's finds no API server from outside a pod.
        package=".",
        minutes=2,
        oldest=(0, 40),
        newest_major=0,
        ldflags="-X main.version=v0.40.0",
    ),
    **{
        program: Entry(
            version=_KUBE,
            module="kubernetes",
            package=f"k8s.io/kubernetes/cmd/{program}",
            minutes=minutes,
            oldest=(1, 30),
            newest_major=1,
            ldflags=" ".join(f"-X k8s.io/component-base/version.{key}={value}" for key, value in _KUBE_STAMP.items()),
            releases={f"linux-{arch}": releases.kubernetes(program, _KUBE, "linux", arch) for arch in _ARCHES},
        )
        for program, minutes in zip(KUBERNETES, (3, 1, 1), strict=True)
    },
}


def this_platform() -> str:
    """The platform of this machine as Go names it: `linux-amd64`."""
    machine = platform.machine().lower()
    arch = {"x86_64": "amd64", "aarch64": "arm64"}.get(machine, machine)
    return f"{platform.system().lower()}-{arch}"
