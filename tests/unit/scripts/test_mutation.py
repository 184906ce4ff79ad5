"""Mutation tests: what is printed of mutmut's results, and the exit status."""

import json
from pathlib import Path

import pytest

from scripts.mutation import __main__ as mutation

MODULE = """\
def x_wider__mutmut_orig(left, right):
    return left > right
def x_wider__mutmut_1(left, right):
    return left >= right
def x_wider__mutmut_2(left, right):
    return left < right
class Index:
    def xǁIndexǁadd__mutmut_orig(self):
        self.clear()
        self.count()
    def xǁIndexǁadd__mutmut_1(self):
        self.count()
"""
SPANS = {
    "x_wider__mutmut_orig": [1, 2],
    "x_wider__mutmut_1": [3, 4],
    "x_wider__mutmut_2": [5, 6],
    "xǁIndexǁadd__mutmut_orig": [8, 10],
    "xǁIndexǁadd__mutmut_1": [11, 12],
}
CODES = {"x_wider__mutmut_1": 0, "x_wider__mutmut_2": 1, "xǁIndexǁadd__mutmut_1": 33}
WIDER = ("settings.zones.wider", "+ return left >= right")
ADD = ("settings.zones.Index.add", "- self.clear()")


@pytest.fixture(autouse=True)
def mutants(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = tmp_path / "settings/zones.py"
    module.parent.mkdir()
    module.write_text(MODULE)
    module.with_suffix(".py.spans").write_text(json.dumps({"spans": SPANS}))
    codes = {f"settings.zones.{name}": code for name, code in CODES.items()}
    module.with_suffix(".py.meta").write_text(json.dumps({"exit_code_by_key": codes}))
    monkeypatch.setattr(mutation, "MUTANTS", tmp_path)


def test_survivors_are_printed_with_their_changed_lines(capsys: pytest.CaptureFixture[str]) -> None:
    assert mutation.report(["settings.*"], {WIDER}) == 1
    assert capsys.readouterr().out.splitlines() == [
        "settings.zones.xǁIndexǁadd__mutmut_1 of settings.zones.Index.add, which no test calls:",
        "- self.clear()",
        "3 mutants: 1 explained, 1 killed, 1 open",
    ]


def test_a_run_passes_when_every_survivor_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    assert mutation.report(["settings.*"], {WIDER, ADD}) == 0
    assert capsys.readouterr().out == "3 mutants: 2 explained, 1 killed\n"
