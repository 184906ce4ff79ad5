"""Folders of the project that tests read."""

from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
FIXTURES = PROJECT / "tests" / "fixtures"
TRACES = FIXTURES / "traces"
"""What the official plugins were recorded to send and keep."""
