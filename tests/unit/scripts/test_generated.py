"""Files that are made from the code say what the code says."""

from pathlib import Path

import pytest

from scripts.generate.files import PROJECT, files


@pytest.mark.parametrize("place", ["culvert.schema.json", "docs/settings.md", "plugin/schema.json"])
def test_a_generated_file_is_up_to_date(place: str) -> None:
    assert (PROJECT / place).read_text(encoding="utf-8") == files()[place], f"{place}: run `make generate`"


def test_no_generated_file_is_left_out_of_these_tests() -> None:
    assert set(files()) == {"culvert.schema.json", "docs/settings.md", "plugin/schema.json"}


def test_nothing_generated_depends_on_where_it_was_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = files()
    monkeypatch.chdir(tmp_path)
    assert files() == before
    assert not any(str(PROJECT) in text for text in before.values())
