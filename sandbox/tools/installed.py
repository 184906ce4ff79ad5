"""Programs that are on this machine already, because somebody installed them."""

import functools
import os
import re
import shutil
import subprocess
from pathlib import Path

from sandbox.tools.catalog import CATALOG, KUBERNETES
from sandbox.tools.tool import Tool


def find_installed(name: str) -> Tool | None:
    """The tool as `KUBEBUILDER_ASSETS` or else the PATH has it, where its version will do.

    The Kubernetes programs count only where all three are there in one minor version: the API server refuses nobody, but
    a newer controller manager asks it for what it does not serve.
    """
    if name not in KUBERNETES:
        return _installed(name)
    trio = {program: _installed(program) for program in KUBERNETES}
    minors = {tool.version.rsplit(".", 1)[0] for tool in trio.values() if tool}
    return trio[name] if len(minors) == 1 and all(trio.values()) else None


def _installed(name: str) -> Tool | None:
    assets = os.environ.get("KUBEBUILDER_ASSETS", "")
    places = [("KUBEBUILDER_ASSETS", assets)] if assets and (name == "etcd" or name in KUBERNETES) else []
    for origin, path in [*places, ("PATH", os.environ.get("PATH", os.defpath))]:
        found = shutil.which(name, path=path)
        version = found and _version(name, found, Path(found).stat().st_mtime_ns)
        if found and version:
            return Tool(name, Path(found), version, origin)
    return None


@functools.cache
def _version(name: str, path: str, _changed: int) -> str | None:
    """What the program says it is, if that is a version we can use."""
    entry = CATALOG[name]
    try:
        said = subprocess.run(
            [path, *entry.probe],
            capture_output=True,
            text=True,
            timeout=30,
            env={**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"},
            check=False,
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.search(r"\bv?(\d+)\.(\d+)\.(\d+)", said)
    if not match:
        return None
    major, minor, _ = (int(part) for part in match.groups())
    suits = (major, minor) >= entry.oldest and major <= entry.newest_major
    return f"v{major}.{minor}.{match[3]}" if suits else None
