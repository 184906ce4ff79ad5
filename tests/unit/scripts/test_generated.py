"""Generated files are up to date with the code."""

import re
from pathlib import Path

import pytest

from policy import rules
from policy.rule import Rule
from scripts.generate.files import PROJECT, files


@pytest.mark.parametrize(
    "path", ["culvert.schema.json", "docs/settings.md", "docs/troubleshooting.md", "plugin/schema.json"]
)
def test_a_generated_file_is_up_to_date(path: str) -> None:
    assert (PROJECT / path).read_text(encoding="utf-8") == files()[path], f"{path}: run `make generate`"


def test_these_tests_cover_every_generated_file() -> None:
    assert set(files()) == {"culvert.schema.json", "docs/settings.md", "docs/troubleshooting.md", "plugin/schema.json"}


def test_generated_files_do_not_depend_on_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = files()
    monkeypatch.chdir(tmp_path)
    assert files() == before
    assert not any(str(PROJECT) in text for text in before.values())


def test_every_remedy_on_the_troubleshooting_page_is_one_that_verify_prints() -> None:
    page = (PROJECT / "docs/troubleshooting.md").read_text(encoding="utf-8")
    by_hand, generated, _ = (part for part in re.split(r"<!-- .*generate.* -->", page))
    updates = set(re.findall(r"`([^`]*pulumi up --re[^`]*)`", by_hand))
    assert updates
    assert updates - set(re.findall(r"`([^`]*)`", generated)) == set()


@pytest.mark.parametrize("rule", rules.ALL, ids=lambda rule: rule.name)
def test_the_policy_packs_page_has_the_remedy_that_each_rule_prints(rule: Rule) -> None:
    page = " ".join((PROJECT / "docs/policy-pack.md").read_text(encoding="utf-8").split())
    assert f"Remedy: {rule.remedy[0].lower()}{rule.remedy[1:]}" in page
