"""The generated files and their contents."""

import json
from pathlib import Path
from typing import Any

from plugin import package
from scripts.generate import faults, reference, stack_file

PROJECT = Path(__file__).resolve().parents[2]


def files() -> dict[str, str]:
    """The contents of each generated file, by its path in the project."""
    return {
        "culvert.schema.json": _json(stack_file.schema()),
        "docs/settings.md": reference.page(),
        faults.PAGE: faults.page(PROJECT),
        "plugin/schema.json": _json(package.schema()),
    }


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
