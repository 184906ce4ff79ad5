"""A sandbox's state whose writing was cut off: what the file backend writes, it writes in place."""

import json
from pathlib import Path

import pytest

from sandbox.engine.checkpoint import restore
from sandbox.errors import SandboxError

BEFORE, AFTER = {"version": 3, "at": "before"}, {"version": 3, "at": "after"}


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    """A checkpoint, the one before it, and what the backend keeps beside each."""
    found = tmp_path / "dev.json"
    found.write_text(json.dumps(AFTER))
    tmp_path.joinpath("dev.json.bak").write_text(json.dumps(BEFORE))
    for beside in ("dev.json.attrs", "dev.json.bak.attrs"):
        tmp_path.joinpath(beside).write_text('{"md5": ""}')
    return found


def restored(checkpoint: Path) -> tuple[dict, set[str]]:
    """What the checkpoint says in the end, and the files that lie beside it."""
    restore(checkpoint, print)
    return json.loads(checkpoint.read_text()), {path.name for path in checkpoint.parent.iterdir()}


def test_a_whole_state_is_left_alone(checkpoint: Path) -> None:
    assert restored(checkpoint) == (AFTER, {"dev.json", "dev.json.bak", "dev.json.attrs", "dev.json.bak.attrs"})


@pytest.mark.parametrize("written", ["", '{"version": 3, "at"', None])
def test_the_state_before_takes_the_place_of_half_a_state(checkpoint: Path, written: str | None) -> None:
    checkpoint.unlink() if written is None else checkpoint.write_text(written)
    assert restored(checkpoint)[0] == BEFORE


@pytest.mark.parametrize("name", ["dev.json.attrs", "dev.json.bak.attrs"])
def test_half_of_what_lies_beside_it_goes(checkpoint: Path, name: str) -> None:
    # The engine says `failed to load checkpoint: EOF` of it, and does without where there is none.
    checkpoint.with_name(name).write_text("")
    state, files = restored(checkpoint)
    assert state == AFTER
    assert files == {"dev.json", "dev.json.bak", "dev.json.attrs", "dev.json.bak.attrs"} - {name}


def test_where_both_are_damaged_it_says_how_to_begin_anew(checkpoint: Path) -> None:
    checkpoint.write_text("")
    checkpoint.with_name("dev.json.bak").write_text("")
    with pytest.raises(SandboxError, match="down --delete"):
        restore(checkpoint, print)


def test_a_stack_that_is_new_has_nothing_to_restore(tmp_path: Path) -> None:
    restore(tmp_path / "dev.json", print)
    assert not list(tmp_path.iterdir())
