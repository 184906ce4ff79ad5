"""What is used where somebody has it, and never fetched: official provider plugins and the connector."""

import importlib.metadata
import os
import re
import shutil
import subprocess
from pathlib import Path

from sandbox.tools.tool import Tool


def plugin_version(name: str) -> str:
    """The version of provider `name` (`cloudflare`) that the program asks the engine for: that of its SDK, without `v`."""
    return importlib.metadata.version(f"pulumi-{name}")


def find_plugin(name: str) -> Tool | None:
    """The official plugin of provider `name` that the engine would take without downloading one.

    That is any version on the PATH, else from the plugin cache (`PULUMI_HOME`, by default `~/.pulumi`) the very version
    of the SDK: the engine passes others over (`SelectCompatiblePlugin` in its sdk/go/common/workspace/plugins.go).
    """
    program = f"pulumi-resource-{name}"
    on_path = shutil.which(program)
    if on_path and not _truthy("PULUMI_IGNORE_AMBIENT_PLUGINS"):
        return Tool(program, Path(on_path), "unknown", "PATH")
    version = f"v{plugin_version(name)}"
    home = Path(os.environ.get("PULUMI_HOME") or "~/.pulumi").expanduser()
    folder = home / "plugins" / f"resource-{name}-{version}"
    # The engine's mark of an installation that did not come to its end lies beside the folder.
    if os.access(folder / program, os.X_OK) and not folder.with_name(f"{folder.name}.partial").exists():
        return Tool(program, folder / program, version, f"plugin cache, {home / 'plugins'}")
    return None


def find_cloudflared() -> Tool | None:
    """The connector as `CULVERT_CLOUDFLARED` (a path) or else the PATH has it."""
    chosen = os.environ.get("CULVERT_CLOUDFLARED")
    found = shutil.which(chosen or "cloudflared")
    if not found:
        return None
    try:
        said = subprocess.run([found, "--version"], capture_output=True, text=True, timeout=30, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        said = ""
    version = re.search(r"\b\d{4}\.\d+\.\d+\b", said)
    origin = "CULVERT_CLOUDFLARED" if chosen else "PATH"
    return Tool("cloudflared", Path(found), version[0] if version else "unknown", origin)


def _truthy(variable: str) -> bool:
    return os.environ.get(variable, "").lower() in ("1", "true")
