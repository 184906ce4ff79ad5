"""Checkpoints damaged by an interrupted write are restored: the file backend writes in place."""

import json
from pathlib import Path

import pytest

from clients.pulumi_values import SECRET, SIGNATURE
from sandbox.directory import SandboxDirectory
from sandbox.engine.checkpoint import delete_drafts, deployment, list_stacks, outputs, restore
from sandbox.errors import SandboxError

BEFORE, AFTER = {"version": 3, "at": "before"}, {"version": 3, "at": "after"}


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    """A checkpoint, its backup, and the backend's `.attrs` file beside each."""
    file = tmp_path / "dev.json"
    file.write_text(json.dumps(AFTER))
    tmp_path.joinpath("dev.json.bak").write_text(json.dumps(BEFORE))
    for attributes in ("dev.json.attrs", "dev.json.bak.attrs"):
        tmp_path.joinpath(attributes).write_text('{"md5": ""}')
    return file


def restored(checkpoint: Path) -> tuple[dict, set[str]]:
    """The checkpoint's content after `restore`, and the files of its folder."""
    restore(checkpoint, print)
    return json.loads(checkpoint.read_text()), {path.name for path in checkpoint.parent.iterdir()}


def test_a_complete_checkpoint_is_not_changed(checkpoint: Path) -> None:
    assert restored(checkpoint) == (AFTER, {"dev.json", "dev.json.bak", "dev.json.attrs", "dev.json.bak.attrs"})


@pytest.mark.parametrize("written", ["", '{"version": 3, "at"', None])
def test_a_damaged_or_missing_checkpoint_is_replaced_by_its_backup(checkpoint: Path, written: str | None) -> None:
    checkpoint.unlink() if written is None else checkpoint.write_text(written)
    assert restored(checkpoint)[0] == BEFORE


@pytest.mark.parametrize("name", ["dev.json.attrs", "dev.json.bak.attrs"])
def test_a_damaged_attributes_file_is_removed(checkpoint: Path, name: str) -> None:
    # With a damaged one, the engine fails with `failed to load checkpoint: EOF`; without one, it works.
    checkpoint.with_name(name).write_text("")
    state, files = restored(checkpoint)
    assert state == AFTER
    assert files == {"dev.json", "dev.json.bak", "dev.json.attrs", "dev.json.bak.attrs"} - {name}


def test_the_error_for_two_damaged_files_says_how_to_start_over(checkpoint: Path) -> None:
    checkpoint.write_text("")
    checkpoint.with_name("dev.json.bak").write_text("")
    with pytest.raises(SandboxError, match="down --delete"):
        restore(checkpoint, print)


def test_a_new_stack_has_nothing_to_restore(tmp_path: Path) -> None:
    restore(tmp_path / "dev.json", print)
    assert not list(tmp_path.iterdir())


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """The folder `.pulumi` of a backend with the stacks `dev` and `prod`, and what a full disk left of `dev`'s."""
    files = {
        "locks/organization/culvert/dev/1.json": '{"pid": 1}',
        "locks/organization/culvert/dev/2.json": "",
        "locks/organization/culvert/dev/3.json.18ec50853be5858a.tmp": "",
        "locks/organization/culvert/prod/4.json.18ec50853be5858a.tmp": "",
        "stacks/culvert/dev.json": "{}",
        "stacks/culvert/dev.json.18ec51d81c63b3a3.tmp": '{"version"',
        "stacks/culvert/prod.json.18ec51d81c63b3a3.tmp": '{"version"',
    }
    for name, content in files.items():
        path = tmp_path / "state" / ".pulumi" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return tmp_path / "state" / ".pulumi"


def test_unfinished_locks_and_drafts_of_the_stack_are_deleted(state: Path) -> None:
    # The engine reads each file of the locks: an empty one ends every command with `unexpected end of JSON input`.
    delete_drafts(state, "dev")
    assert sorted(str(path.relative_to(state)) for path in state.rglob("*") if path.is_file()) == [
        "locks/organization/culvert/dev/1.json",
        "locks/organization/culvert/prod/4.json.18ec50853be5858a.tmp",
        "stacks/culvert/dev.json",
        "stacks/culvert/prod.json.18ec51d81c63b3a3.tmp",
    ]


def test_a_damaged_checkpoint_is_listed_without_its_content(state: Path) -> None:
    (state / "stacks" / "culvert" / "dev.json").write_text('{"version": 3, "checkpoi')
    listed = list_stacks(SandboxDirectory(state.parents[1]))
    assert listed == [{"name": "dev", "resources": None, "providers": None, "updated": None}]


def test_resources_are_counted_as_the_engines_summary_counts_them_without_providers(state: Path) -> None:
    types = ("pulumi:pulumi:Stack", "pulumi:providers:cloudflare", "kubernetes:core/v1:Secret")
    latest = {"resources": [{"type": each} for each in types], "manifest": {"time": "now"}}
    checkpoint = {"version": 3, "checkpoint": {"stack": "dev", "latest": latest}}
    (state / "stacks" / "culvert" / "dev.json").write_text(json.dumps(checkpoint))
    (listed,) = list_stacks(SandboxDirectory(state.parents[1]))
    assert listed == {"name": "dev", "resources": 2, "providers": 1, "updated": "now"}


def test_a_new_stack_has_no_resources_and_no_outputs(tmp_path: Path) -> None:
    (tmp_path / "dev.json").write_text('{"version": 3, "checkpoint": {"stack": "dev", "latest": null}}')
    state = deployment(tmp_path / "dev.json")
    assert (state, outputs(state)) == ({}, {})


def test_secrets_in_the_outputs_are_masked_however_deep(tmp_path: Path) -> None:
    secret = {SIGNATURE: SECRET, "ciphertext": "v1:abc"}
    found = {"urls": ["https://a.example.com"], "token": secret, "tokens": {"ci": {"id": "1", "keys": [secret]}}}
    resources = [{"type": "pulumi:pulumi:Stack", "outputs": found}, {"type": "other", "outputs": {"not": "ours"}}]
    (tmp_path / "dev.json").write_text(json.dumps({"version": 3, "checkpoint": {"latest": {"resources": resources}}}))
    assert outputs(deployment(tmp_path / "dev.json")) == {
        "urls": ["https://a.example.com"],
        "token": "[secret]",
        "tokens": {"ci": {"id": "1", "keys": ["[secret]"]}},
    }
