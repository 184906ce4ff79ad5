"""A sample of `python -m scripts.fuzz`: nothing that others wrote ends in a traceback or fills the screen."""

from pathlib import Path
from random import Random

import pytest

from scripts.fuzz.campaign import FIXTURES, Outcome, fuzz_files, fuzz_replies, outcome_of
from scripts.fuzz.mutations import mutated_reply, mutated_text, mutated_value
from scripts.fuzz.readers import FILE_READERS


def faults(outcomes: list[Outcome]) -> list[str]:
    return [f"{one.reader}, number {one.number}: {one.fault}" for one in outcomes if one.fault]


def test_mutated_files_are_read_without_a_fault(tmp_path: Path) -> None:
    outcomes = list(fuzz_files(FIXTURES, tmp_path, "unit", 60))
    assert faults(outcomes) == []
    assert {one.reader for one in outcomes} == {"check", "verify", "migrate", "rehearse"}
    # Mutations that no reader notices, or of which each is the same error, would show nothing.
    assert len({one.printed for one in outcomes}) > 30


def test_mutated_replies_are_read_without_a_fault() -> None:
    outcomes = list(fuzz_replies(FIXTURES, "unit", 300))
    assert faults(outcomes) == []
    readers = {"verify", "preflight", "recover", "migrate", "migrate_account", "recover_engine"}
    assert {one.reader for one in outcomes} == readers
    assert any("another shape than documented" in one.printed for one in outcomes)


def test_mutated_answers_of_the_engine_are_read_without_a_fault() -> None:
    outcomes = list(fuzz_replies(FIXTURES, "unit", 150, reader="recover_engine"))
    assert faults(outcomes) == []
    printed = "\n".join(one.printed for one in outcomes)
    for reached in (
        "no JSON for stack export",
        "no state of a stack",
        "the engine refused",
        "culvert-dev-tunnel",
        "adopted",
    ):
        assert reached in printed, reached


@pytest.mark.parametrize("name", ["cyclic.yaml", "exponential.yaml", "scalars.yaml", "terminal.yaml", "shapes.yaml"])
def test_a_kept_file_is_read_without_a_fault(name: str, tmp_path: Path) -> None:
    path = tmp_path / "Pulumi.dev.yaml"
    path.write_bytes((FIXTURES / "fuzz" / name).read_bytes())
    assert (
        faults([outcome_of(read.__name__, 0, lambda read=read: read(path), lambda: 1) for read in FILE_READERS]) == []
    )


def test_a_fault_is_noticed() -> None:
    def printing(text: str) -> Outcome:
        return outcome_of("check", 0, lambda: text, lambda: 1)

    def failing() -> str:
        raise KeyError("x")

    assert printing("fine").fault == ""
    assert printing("\n" * 50).fault == "50 lines"
    traceback = "Traceback (most recent call last)\n  File\nKeyError: 'x'"
    assert printing(traceback).fault == "a traceback: KeyError: 'x'"
    assert printing("a\x1b[2J").fault == r"the character '\x1b'"
    assert printing("a fault of culvert: KeyError at ops/cli.py:5. Report").fault.endswith("ops/cli.py:5")
    assert outcome_of("check", 0, failing, lambda: 1).fault.startswith("KeyError at ")


def test_a_seed_repeats_a_mutation() -> None:
    value = {"a": ["b"]}
    for mutate in (
        lambda seed: mutated_text("a: [b]\n", Random(seed)),
        lambda seed: mutated_value(value, Random(seed)),
    ):
        assert mutate("7") == mutate("7")
        assert len({str(mutate(str(seed))) for seed in range(20)}) > 5
    assert mutated_reply(value, Random("7")) == mutated_reply(value, Random("7"))
