"""Hostnames that two stack files of one project declare."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from ops.shared_hostnames import shared_hostnames
from settings import Settings
from tests.support.settings_examples import a_route, values

RECORD = "2f1d5ab2c6b04f6da1e0ef4aee6e7d7a"
BALANCED = {"loadBalancer": {"hostname": "blog.example.com", "pools": [{"name": "here", "tunnels": ["own"]}]}}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "Pulumi.yaml").write_text("name: culvert\n")
    return tmp_path


def write(folder: Path, stack: str, settings: dict[str, Any]) -> Path:
    file = folder / f"Pulumi.{stack}.yaml"
    file.write_text(yaml.safe_dump({"config": {f"culvert:{key}": value for key, value in settings.items()}}))
    return file


def shared(folder: Path, mine: dict[str, Any], other: dict[str, Any]) -> list[tuple[str, str]]:
    """What the stack `dev` with the settings `mine` shares with the stack `other`."""
    write(folder, "other", other)
    file = write(folder, "dev", mine)
    return [(each.hostname, each.file) for each in shared_hostnames(file, Settings.from_stack_file(file))]


@pytest.mark.parametrize("other", [values(), values(zones={"example.com": None}), values(**BALANCED)])
def test_the_same_hostname_in_another_stack_is_found(project: Path, other: dict[str, Any]) -> None:
    assert shared(project, values(), other) == [("blog.example.com", "Pulumi.other.yaml")]
    assert shared(project, other, values()) == [("blog.example.com", "Pulumi.other.yaml")]


@pytest.mark.parametrize(
    ("mine", "other"),
    [
        (values(), values(a_route(hostname="other.example.com"))),
        # A record of its own: the more specific one wins.
        (values(), values(a_route(hostname="*.example.com"))),
        # One of the two makes no record, or takes over the other's.
        (values(), values(a_route(dns="none"))),
        (values(a_route(adopt=RECORD)), values()),
        # A zone of the same name in another account, or another zone.
        (values(), values(accountId="f" * 32)),
        (values(), values(zones={"example.com": "f" * 32})),
    ],
)
def test_records_that_are_not_the_same_are_not_found(
    project: Path, mine: dict[str, Any], other: dict[str, Any]
) -> None:
    assert shared(project, mine, other) == []


def test_files_with_mistakes_and_encrypted_settings_are_left_out(project: Path) -> None:
    (project / "Pulumi.broken.yaml").write_text("config: {culvert:routes: [\n")
    (project / "Pulumi.sealed.yaml").write_text("config: {culvert:accountId: {secure: v1:abc}}\n")
    assert shared(project, values(), values(a_route(hostname="other.example.com"))) == []


def test_stack_files_of_a_folder_without_a_project_are_not_compared(tmp_path: Path) -> None:
    assert shared(tmp_path, values(), values()) == []


def test_the_message_says_how_to_have_it_on_purpose(project: Path) -> None:
    write(project, "prod", values())
    file = write(project, "dev", values())
    (found,) = shared_hostnames(file, Settings.from_stack_file(file))
    assert found.message.startswith("blog.example.com is also in Pulumi.prod.yaml: it has one DNS record")
    assert "`dns: none`" in found.message
    assert "`adopt`" in found.message
