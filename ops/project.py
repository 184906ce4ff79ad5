"""The Pulumi project that this checkout is."""

from pathlib import Path

import yaml

PROJECT = Path(__file__).resolve().parents[1]


def project_name() -> str:
    """The name of the Pulumi project."""
    return yaml.safe_load((PROJECT / "Pulumi.yaml").read_text())["name"]
