"""The transcripts have the commands and the prose of their scripts, and the causes and remedies of today's faults.

Every other line of an output is as it was when the transcript was made."""

import re

import pytest

from ops.verify.faults import FAULTS
from scripts.transcripts import bad_night, first_hour
from scripts.transcripts.page import Page, Step, without_outputs
from tests.support.paths import PROJECT

PAGES = [first_hour.PAGE, bad_night.PAGE]
VALUES = {"stack": "dev", "name": "culvert-dev", "namespace": "blog-dev", "deployment": "culvert-dev-cloudflared"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.path)
def test_a_transcript_has_the_commands_and_the_prose_of_its_script(page: Page) -> None:
    text = (PROJECT / page.path).read_text(encoding="utf-8")
    assert without_outputs(text) == page.render([""] * len(page.commands)), "run python -m scripts.transcripts"


@pytest.mark.parametrize("step", [one for one in bad_night.PAGE.steps if one.faults], ids=lambda step: step.faults[0])
def test_the_bad_night_shows_each_cause_and_the_remedy_that_follows(step: Step) -> None:
    text = (PROJECT / bad_night.PAGE.path).read_text(encoding="utf-8")
    before, shown, after = text.partition(step.text.strip())
    assert before
    assert shown
    finding, mended = re.findall(r"```console\n(.*?)\n```", after, re.DOTALL)[:2]
    (name,) = step.faults
    fault = FAULTS[name].filled(VALUES)
    assert f"  likely cause: {fault.cause}" in finding
    assert f"  remedy: {fault.remedy}" in finding
    for command in fault.commands:
        assert f"    {command}" in finding
        assert f"$ {command}" in mended
    # Every other failure follows from it.
    assert len(re.findall(r"^✗ ", finding, re.MULTILINE)) == 1
    assert re.search(r"^\d+ passed(, \d+ skipped)?$", mended.splitlines()[-1])


def test_the_first_hour_ends_with_a_page_that_was_served_and_checks_that_passed() -> None:
    text = (PROJECT / first_hour.PAGE.path).read_text(encoding="utf-8")
    assert "<h1>It works" in text
    assert re.search(r"^\d+ passed(, \d+ skipped)?$", text, re.MULTILINE)
    assert "unknown" not in re.findall(r"^\d+ passed.*$", text, re.MULTILINE)[-1]
    assert "failed" not in text
