"""The stack file of a rehearsal: which file it is, and what is left out of it."""

from pathlib import Path

import pytest
import yaml

from sandbox.directory import PROJECT, SandboxDirectory
from sandbox.engine.stack_file import find_stack_file, rehearsal_content, stored_stack_file
from sandbox.errors import SandboxError


def stack_file(folder: Path, content: dict) -> Path:
    path = folder / "Pulumi.real.yaml"
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    return path


def test_the_file_of_the_last_run_is_used_if_the_project_has_none(tmp_path: Path) -> None:
    directory = SandboxDirectory(tmp_path)
    assert find_stack_file("dev", None, directory) == PROJECT / "Pulumi.dev.yaml"
    stored = stored_stack_file(directory, "temporary")
    stored.parent.mkdir(parents=True)
    stored.touch()
    assert find_stack_file("temporary", None, directory) == stored


def test_a_missing_file_is_reported_with_those_of_the_project(tmp_path: Path) -> None:
    with pytest.raises(
        SandboxError, match=r"does not exist; stack files of this project: .*Pulumi\.dev\.yaml"
    ) as caught:
        find_stack_file("nowhere", None, SandboxDirectory(tmp_path))
    assert (caught.value.key, caught.value.value) == ("--stack", "nowhere")


def test_what_belongs_to_real_accounts_is_left_out(tmp_path: Path) -> None:
    content = {
        "encryptionsalt": "v1:abc",
        "config": {
            "culvert:accountId": "a" * 32,
            "culvert:note": {"secure": "v1:abc"},
            "cloudflare:apiToken": {"secure": "v1:abc"},
            "kubernetes:context": "production",
            "kubernetes:enablePatchForce": True,
        },
    }
    kept, left_out = rehearsal_content(stack_file(tmp_path, content))
    assert kept == {"config": {"culvert:accountId": "a" * 32, "kubernetes:enablePatchForce": True}}
    assert left_out == ["encryptionsalt", "culvert:note", "cloudflare:apiToken", "kubernetes:context"]


@pytest.mark.parametrize("as_text", [False, True])
def test_only_a_sealing_certificate_is_replaced(tmp_path: Path, as_text: bool) -> None:
    token = {"delivery": "sealed", "certificate": "real"}
    content = {"config": {"culvert:token": yaml.safe_dump(token) if as_text else token}}
    kept, _ = rehearsal_content(stack_file(tmp_path, content), lambda: "sandbox")
    assert kept["config"]["culvert:token"] == {**token, "certificate": "sandbox"}
    content = {"config": {"culvert:token": {"delivery": "secret"}}}
    assert rehearsal_content(stack_file(tmp_path, content), lambda: "sandbox")[0] == content


def test_the_content_of_a_rehearsal_has_the_values_that_the_engine_reads(tmp_path: Path) -> None:
    path = tmp_path / "Pulumi.dev.yaml"
    path.write_text("config:\n  culvert:connector: {podLabels: {on: yes, time: 12:30, octal: 0o17}}\n")
    content, _ = rehearsal_content(path)
    assert content["config"]["culvert:connector"]["podLabels"] == {"on": "yes", "time": "12:30", "octal": 15}
