"""Folders of the project that tests read."""

from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
FIXTURES = PROJECT / "tests" / "fixtures"
TRACES = FIXTURES / "traces"
"""Recordings of the official plugins: their API calls and the state they produce."""
