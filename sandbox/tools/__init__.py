"""The programs that the sandbox runs, and where each one comes from."""

from sandbox.tools.tool import Tool

__all__ = ["Tool"]
