"""The address of the repository: one command writes that of a fork wherever a page or a template names it."""

import shutil
import subprocess
from pathlib import Path

import pytest

from plugin.package import REPOSITORY
from scripts.repository import repository, rewrite
from tests.support.paths import PROJECT

NAMED = REPOSITORY.removeprefix("https://")
WRITTEN = ("README.md", "docs", "templates", "plugin/package.py")
GENERATED = {"plugin/schema.json"}


@pytest.mark.parametrize(
    "address",
    [
        "https://github.com/ann/tunnels",
        "https://github.com/ann/tunnels.git\n",
        "https://token@github.com/ann/tunnels/",
        "git@github.com:ann/tunnels.git",
        "ssh://git@github.com/ann/tunnels.git",
    ],
)
def test_every_form_of_an_address_is_read(address: str) -> None:
    assert repository(address) == "ann/tunnels"


@pytest.mark.parametrize("address", ["", "https://git.example/ann/tunnels", "/srv/culvert", "https://github.com/ann"])
def test_another_address_is_rejected(address: str) -> None:
    with pytest.raises(ValueError, match="is not the address of a repository on GitHub"):
        repository(address)


def test_a_fork_is_named_everywhere_and_can_be_renamed(tmp_path: Path) -> None:
    for name in WRITTEN:
        source, target = PROJECT / name, tmp_path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if source.is_dir() else shutil.copy)(source, target)
    for new in ("ann/culvert", "bob/tunnels"):
        before = [file for file in tmp_path.rglob("*") if file.is_file()]
        changed = {str(file.relative_to(tmp_path)) for file in rewrite(tmp_path, new)}
        assert {"README.md", "docs/languages.md", "plugin/package.py", "templates/python/requirements.txt"} <= changed
        texts = [file.read_text() for file in before if file.suffix != ".png"]
        assert not [text for text in texts if NAMED in text]
    assert "git clone https://github.com/bob/tunnels && cd tunnels" in (tmp_path / "README.md").read_text()
    requirement = (tmp_path / "templates/python/requirements.txt").read_text().splitlines()[-1]
    assert requirement.startswith("culvert @ git+https://github.com/bob/tunnels@v")
    assert "culvert: github.com/bob/tunnels.git/plugin@v" in (tmp_path / "templates/yaml/Pulumi.yaml").read_text()
    assert rewrite(tmp_path, "bob/tunnels") == []


def test_no_other_file_names_the_repository() -> None:
    search = ["git", "grep", "--name-only", "--fixed-strings", NAMED]
    found = set(subprocess.run(search, cwd=PROJECT, capture_output=True, text=True, check=True).stdout.split())
    assert {name for name in found if not name.startswith(WRITTEN)} == GENERATED
