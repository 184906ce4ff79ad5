"""Kills cover every write of every run, a part of them is spread evenly, and the table has the file's figures."""

import math
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from scripts.kill_matrix.matrix import Matrix
from scripts.kill_matrix.plan import EXAMPLES, OPERATIONS, TARGETS, Kill, chained, kills
from scripts.kill_matrix.results import Results, page

WRITES = dict(zip(OPERATIONS, (17, 3, 4, 1, 9, 10), strict=True))


def _counted(*examples: str, path: Path | None = None) -> Results:
    results = Results(path)
    for example in examples:
        for operation, writes in WRITES.items():
            results.add(example=example, operation=operation, writes=writes, day="2026-11-29")
    return results


def _play(matrix: Matrix) -> list[Kill]:
    played = []
    for example, turn in matrix.turns():
        for kill in matrix.kills(example, turn):
            played.append(kill)
            matrix.add(kill, 1.0, "POST /tunnels")
    return played


def test_each_run_is_killed_once_after_each_write() -> None:
    played = [kill for turn in range(4 * max(WRITES.values())) for kill in kills("waf", _counted("waf").writes, turn)]
    expected = {
        Kill("waf", operation, target, write + 1)
        for operation, writes in WRITES.items()
        for target in TARGETS
        for write in range(writes)
    }
    assert set(played) == expected
    assert len(played) == len(expected)


@pytest.mark.parametrize("turns", [1, 2, 3, 5, 8])
def test_the_first_kills_of_a_run_are_spread_over_its_writes(turns: int) -> None:
    writes = {("waf", operation): 40 for operation in OPERATIONS}
    played = [
        kill.write for turn in range(4 * turns) for kill in kills("waf", writes, turn) if kill.run == "waf-up-engine"
    ]
    ordered = sorted(played)
    gaps = [after - before for before, after in pairwise([*ordered, ordered[0] + 40])]
    assert max(gaps) <= 2 * 40 / turns


def test_one_kill_of_each_run_hits_different_writes() -> None:
    results = _counted(*EXAMPLES)
    first = [kill for example in EXAMPLES for turn in range(4) for kill in kills(example, results.writes, turn)]
    runs = Counter(kill.run for kill in first)
    assert len(runs) == len(EXAMPLES) * len(OPERATIONS) * len(TARGETS)
    assert set(runs.values()) == {1}
    hit = {(kill.operation, kill.write) for kill in first}
    assert hit == {(operation, write + 1) for operation, writes in WRITES.items() for write in range(writes)}


def test_most_kills_begin_as_the_one_before_ends() -> None:
    results = _counted(*EXAMPLES)
    first = [kill for example in EXAMPLES for turn in range(4) for kill in kills(example, results.writes, turn)]
    fitting = [(kill.operation == "up") == before.is_completed_by_destroy for before, kill in pairwise(first)]
    assert fitting.count(False) < len(first) / 10


def test_half_of_the_killed_destroys_are_taken_back() -> None:
    destroys = [Kill("waf", "destroy", target, write) for target in TARGETS for write in (1, 2, 3)]
    assert Counter(kill.is_completed_by_destroy for kill in destroys) == {True: 6, False: 6}


def test_kills_of_one_kind_alone_are_all_there() -> None:
    ups = [Kill("waf", "up", "engine", write) for write in (1, 2, 3)]
    changes = [Kill("waf", "change", "engine", write) for write in (1, 2)]
    assert [*chained(ups)] == ups
    assert [*chained(changes)] == changes
    assert [*chained([])] == []


def test_runs_are_chosen_by_wildcards() -> None:
    matrix = Matrix(_counted("waf", "pods"), ["waf-up-*", "pods-*-all-at-once"], 1, math.inf)
    played = _play(matrix)
    assert {kill.example for kill in played if kill.operation == "change"} == {"pods"}
    expected = {f"waf-up-{target.replace(' ', '-')}" for target in TARGETS}
    expected |= {f"pods-{name}-all-at-once" for name in (*OPERATIONS[:-1], "destroy-run-program")}
    assert {kill.run for kill in played} == expected


def test_the_next_command_goes_on_where_the_results_end(tmp_path: Path) -> None:
    results = _counted("pods", path=tmp_path / "results")
    first = _play(Matrix(results, ["pods-*"], 2, math.inf))
    later = _play(Matrix(Results(tmp_path / "results"), ["pods-*"], 3, math.inf))
    assert not set(first) & set(later)
    assert Counter(kill.run for kill in [*first, *later])["pods-up-engine"] == 3


def test_a_kill_that_was_not_completed_is_tried_once_by_each_command(tmp_path: Path) -> None:
    for number in range(2):
        results = _counted("waf", path=tmp_path / "results")
        matrix = Matrix(results, ["waf-rename-engine"], 1, math.inf)
        played = []
        for example, turn in matrix.turns():
            for kill in matrix.kills(example, turn):
                played.append(kill)
                matrix.add(kill, 1.0, "POST /tunnels", "left over")
        assert played == [Kill("waf", "rename", "engine", 1)], number
        assert matrix.failed == 1
        assert results.cell("waf", "rename") == "0 of 1 (4)"


def test_no_kill_begins_after_the_time() -> None:
    assert _play(Matrix(_counted("waf"), ["*"], 1, -1.0)) == []


def test_an_example_whose_writes_cannot_be_counted_is_left_out() -> None:
    matrix = Matrix(Results(), ["waf-*", "pods-*"], 2, math.inf)
    tried = []
    for example, _ in matrix.turns():
        tried.append(example)
        matrix.give_up(example, "no engine")
    assert tried == ["pods", "waf", "waf-shared"]
    assert matrix.failed == 3


def test_the_table_has_the_figures_of_the_file(tmp_path: Path) -> None:
    results = _counted("waf", path=tmp_path / "results")
    _play(Matrix(results, ["waf-rename-*"], 1, math.inf))
    text = "before\n<!-- written by `python -m scripts.kill_matrix --table` -->\nold\n<!-- end of the table -->\nafter"
    written = page(text, Results(tmp_path / "results"))
    assert "old" not in written
    assert written.startswith("before\n")
    assert written.endswith("\nafter")
    assert "4 of the 176 kills of 1 of the 15 examples were run, and 4 completed." in written
    assert "| `waf` | 0 of 0 (68) | 0 of 0 (12) | 0 of 0 (16) | 4 of 4 (4) | 0 of 0 (36) | 0 of 0 (40) |" in written
    assert "`pods`" not in written
    assert page(written, Results(tmp_path / "results")) == written


def test_a_page_without_a_place_for_the_table_is_an_error() -> None:
    with pytest.raises(ValueError, match="must contain"):
        page("no table", Results())
