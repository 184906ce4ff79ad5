"""Texts as they are meant to be, in files beside the tests; CULVERT_SNAPSHOTS=write writes them anew, to be read before they are kept."""

import os

from tests.support.paths import FIXTURES

FOLDER = FIXTURES / "rehearsals"


def assert_matches(name: str, text: str) -> None:
    """That `text` is what the file `golden/<name>` holds."""
    file = FOLDER / name
    if os.environ.get("CULVERT_SNAPSHOTS") == "write":
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")
