"""Snapshots of texts in `tests/fixtures/rehearsals`; CULVERT_SNAPSHOTS=write writes them anew, to be reviewed."""

import os

from tests.support.paths import FIXTURES

FOLDER = FIXTURES / "rehearsals"


def assert_matches(name: str, text: str) -> None:
    """Asserts that `text` is the content of the snapshot `name`."""
    file = FOLDER / name
    if os.environ.get("CULVERT_SNAPSHOTS") == "write":
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")
