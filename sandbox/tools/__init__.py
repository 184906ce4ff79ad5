"""The programs that the sandbox runs, and where each one comes from."""

from sandbox.tools.plugins import find_cloudflared, find_plugin, plugin_version
from sandbox.tools.provision import ensure, find
from sandbox.tools.tool import Tool

__all__ = ["Tool", "ensure", "find", "find_cloudflared", "find_plugin", "plugin_version"]
