"""Programs that are installed on this machine."""

import functools
import os
import re
import shutil
import subprocess
from pathlib import Path

from sandbox.directory import without_programs
from sandbox.tools.catalog import CATALOG, KUBERNETES
from sandbox.tools.tool import Tool


def find_installed(name: str) -> Tool | None:
    """The tool from `KUBEBUILDER_ASSETS`, else from the PATH, if its version is supported.

    The Kubernetes programs are used only if all three are installed in the same minor version: a newer controller
    manager requests resources that an older API server does not serve.
    """
    if name not in KUBERNETES:
        return _installed(name)
    trio = {program: _installed(program) for program in KUBERNETES}
    minors = {tool.version.rsplit(".", 1)[0] for tool in trio.values() if tool}
    return trio[name] if len(minors) == 1 and all(trio.values()) else None


def _installed(name: str) -> Tool | None:
    assets = os.environ.get("KUBEBUILDER_ASSETS", "")
    places = [("KUBEBUILDER_ASSETS", assets)] if assets and (name == "etcd" or name in KUBERNETES) else []
    for origin, path in [*places, ("PATH", without_programs(os.environ.get("PATH", os.defpath)))]:
        executable = shutil.which(name, path=path)
        version = executable and _version(name, executable, Path(executable).stat().st_mtime_ns)
        if executable and version:
            return Tool(name, Path(executable), version, origin)
    return None


@functools.cache
def _version(name: str, path: str, _modified: int) -> str | None:
    """The version that the program reports, if it is supported."""
    entry = CATALOG[name]
    try:
        output = subprocess.run(
            [path, *entry.probe],
            capture_output=True,
            text=True,
            timeout=30,
            env={**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"},
            check=False,
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.search(r"\bv?(\d+)\.(\d+)\.(\d+)", output)
    if not match:
        return None
    major, minor, _ = (int(part) for part in match.groups())
    supported = (major, minor) >= entry.oldest and major <= entry.newest_major
    return f"v{major}.{minor}.{match[3]}" if supported else None
