"""The programs that the sandbox runs: found, downloaded or built, started and stopped."""

from sandbox.tools.plugins import find_cloudflared, find_plugin, plugin_version
from sandbox.tools.provision import ensure, find
from sandbox.tools.tool import Tool

__all__ = ["Tool", "ensure", "find", "find_cloudflared", "find_plugin", "plugin_version"]
