"""Generated files are up to date with the code."""

from pathlib import Path

import pytest

from scripts.generate.files import PROJECT, files


@pytest.mark.parametrize("path", ["culvert.schema.json", "docs/settings.md", "plugin/schema.json"])
def test_a_generated_file_is_up_to_date(path: str) -> None:
    assert (PROJECT / path).read_text(encoding="utf-8") == files()[path], f"{path}: run `make generate`"


def test_these_tests_cover_every_generated_file() -> None:
    assert set(files()) == {"culvert.schema.json", "docs/settings.md", "plugin/schema.json"}


def test_generated_files_do_not_depend_on_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = files()
    monkeypatch.chdir(tmp_path)
    assert files() == before
    assert not any(str(PROJECT) in text for text in before.values())
