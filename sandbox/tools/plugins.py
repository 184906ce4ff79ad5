"""Programs that are used if installed, and never downloaded here: official provider plugins and cloudflared."""

import importlib.metadata
import os
import re
import shutil
import subprocess
from pathlib import Path

from sandbox.tools.tool import Tool


def plugin_version(name: str) -> str:
    """The version of provider `name` (`cloudflare`) that the program requests: that of its SDK, without `v`."""
    return importlib.metadata.version(f"pulumi-{name}")


def find_plugin(name: str) -> Tool | None:
    """The official plugin of provider `name` that the engine would use without a download.

    That is any version on the PATH, else the SDK's exact version in the plugin cache (`PULUMI_HOME`, by default
    `~/.pulumi`): the engine ignores others (`SelectCompatiblePlugin` in its sdk/go/common/workspace/plugins.go).
    """
    program = f"pulumi-resource-{name}"
    on_path = shutil.which(program)
    if on_path and not _is_true("PULUMI_IGNORE_AMBIENT_PLUGINS"):
        return Tool(program, Path(on_path), "unknown", "PATH")
    version = f"v{plugin_version(name)}"
    home = Path(os.environ.get("PULUMI_HOME") or "~/.pulumi").expanduser()
    folder = home / "plugins" / f"resource-{name}-{version}"
    # The engine marks an incomplete installation by a file beside the folder.
    if os.access(folder / program, os.X_OK) and not folder.with_name(f"{folder.name}.partial").exists():
        return Tool(program, folder / program, version, f"plugin cache, {home / 'plugins'}")
    return None


def find_cloudflared() -> Tool | None:
    """cloudflared from `CULVERT_CLOUDFLARED` (a path), else from the PATH."""
    chosen = os.environ.get("CULVERT_CLOUDFLARED")
    executable = shutil.which(chosen or "cloudflared")
    if not executable:
        return None
    try:
        output = subprocess.run(
            [executable, "--version"], capture_output=True, text=True, timeout=30, check=False
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        output = ""
    version = re.search(r"\b\d{4}\.\d+\.\d+\b", output)
    origin = "CULVERT_CLOUDFLARED" if chosen else "PATH"
    return Tool("cloudflared", Path(executable), version[0] if version else "unknown", origin)


def _is_true(variable: str) -> bool:
    return os.environ.get(variable, "").lower() in ("1", "true")
