"""Lines of the stack file in error messages, read from the file and run by the engine."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml
from pulumi.runtime import set_all_config

from settings import Existing, ExistingRecord, Settings, SettingsError
from tests.support.settings_examples import ACCOUNT, rejection

STACK_FILE = f"""\
# yaml-language-server: $schema=culvert.schema.json
config:
  culvert:accountId: "{ACCOUNT}"
  culvert:zones:
    example.com:
    dev.example.com: short
  culvert:routes:
    - hostname: x_y.example.com
      service: http://blog
    - hostname: blog.example.com
      origin:
        caPool: {{secret: ca,
          key: a/b}}
      service: https://blog
    - {{hostname: shop.example.com}}
  culvert:connector:
    replicas: 99
    protcol: quic
  culvert:sampleSite: '{{"name": "1st"}}'
"""
LINES = {
    'culvert:zones["dev.example.com"]': 6,  # a mapping
    "culvert:routes[0].hostname": 8,  # a list item
    "culvert:routes[1].origin.caPool.key": 13,  # a flow mapping
    "culvert:routes[2]": 15,  # a key that is missing in a flow mapping
    "culvert:connector.replicas": 17,
    "culvert:connector.protcol": 18,  # an unknown key
    "culvert:sampleSite.name": 19,  # a string of JSON
}


def write(folder: Path, text: str, name: str = "Pulumi.dev.yaml") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def locations(error: SettingsError) -> dict[str, str]:
    return {issue.key: issue.location for issue in error.issues}


def from_file(path: Path) -> SettingsError:
    return rejection(Settings.from_stack_file, path)


def test_each_mistake_has_the_line_of_its_key(tmp_path: Path) -> None:
    error = from_file(write(tmp_path, STACK_FILE))
    assert locations(error) == {key: f"Pulumi.dev.yaml:{line}" for key, line in LINES.items()}


def test_a_missing_key_has_the_line_of_the_mapping_that_it_belongs_in(tmp_path: Path) -> None:
    text = STACK_FILE.replace("    - hostname: x_y.example.com\n      service", "    - service")
    lines = locations(from_file(write(tmp_path, text)))
    assert lines["culvert:routes[0].hostname"] == "Pulumi.dev.yaml:8"
    without_account = "\n".join(line for line in STACK_FILE.splitlines() if "accountId" not in line)
    assert locations(from_file(write(tmp_path, without_account)))["culvert:accountId"] == "Pulumi.dev.yaml:2"


@pytest.mark.parametrize("text", ["", "encryptionsalt: v1:x\n", "[]\n"])
def test_a_file_without_config_has_no_line(tmp_path: Path, text: str) -> None:
    assert set(locations(from_file(write(tmp_path, text))).values()) == {""}


def test_a_merged_mapping_has_the_line_of_the_key_in_its_anchor(tmp_path: Path) -> None:
    text = STACK_FILE.replace("    replicas: 99\n", "    <<: *defaults\n")
    text = text.replace("config:\n", "defaults: &defaults\n  replicas: 98\nconfig:\n")
    assert locations(from_file(write(tmp_path, text)))["culvert:connector.replicas"] == "Pulumi.dev.yaml:3"


class Engine:
    """Runs `Settings.load` as the engine would, with a project folder and the configuration."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        write(folder, "name: culvert\nruntime: python\n", "Pulumi.yaml")
        monkeypatch.setattr(pulumi, "get_root_directory", lambda: str(folder))
        monkeypatch.setattr(pulumi, "get_stack", lambda: "dev")

    def load(self, text: str, **changes: Any) -> dict[str, str]:
        """The locations of the issues in a configuration: that of a stack file, with other values or without (None)."""
        config = {**yaml.safe_load(text)["config"], **{f"culvert:{key}": value for key, value in changes.items()}}
        strings = {
            key: value if isinstance(value, str) else json.dumps(value)
            for key, value in config.items()
            if value is not None
        }
        set_all_config(strings, [])
        with pytest.raises(SettingsError, match="mistake") as error:
            Settings.load()
        return locations(error.value)


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    yield Engine(tmp_path, monkeypatch)
    set_all_config({}, [])


def test_a_run_of_the_engine_has_the_lines_of_the_stacks_file(engine: Engine) -> None:
    write(engine.folder, STACK_FILE)
    assert engine.load(STACK_FILE) == {key: f"Pulumi.dev.yaml:{line}" for key, line in LINES.items()}


def test_a_key_that_is_in_neither_has_the_line_of_the_config(engine: Engine) -> None:
    text = "\n".join(line for line in STACK_FILE.splitlines() if "accountId" not in line)
    write(engine.folder, text)
    assert engine.load(text)["culvert:accountId"] == "Pulumi.dev.yaml:2"


def test_the_folder_of_the_stack_files_is_the_projects_own(engine: Engine) -> None:
    write(engine.folder, "name: culvert\nruntime: python\nstackConfigDir: stacks\n", "Pulumi.yaml")
    write(engine.folder, STACK_FILE, "stacks/Pulumi.dev.yaml")
    assert engine.load(STACK_FILE)["culvert:routes[0].hostname"] == "Pulumi.dev.yaml:8"


def test_without_a_stack_file_there_is_no_line(engine: Engine) -> None:
    assert set(engine.load(STACK_FILE).values()) == {""}


def test_with_another_config_file_there_is_no_line(engine: Engine) -> None:
    write(engine.folder, STACK_FILE)
    assert set(engine.load(STACK_FILE, connector={"replicas": 98}).values()) == {""}
    assert set(engine.load(STACK_FILE, sampleSite=None).values()) == {""}


def test_a_key_from_an_environment_has_no_line(engine: Engine) -> None:
    write(engine.folder, STACK_FILE)
    found = engine.load(STACK_FILE, namespace="kube-system", tunnel={"adopt": "x"})
    assert (found["culvert:namespace"], found["culvert:tunnel.adopt"]) == ("", "")
    assert found["culvert:routes[0].hostname"] == "Pulumi.dev.yaml:8"


def test_a_key_missing_beside_an_environment_has_no_line(engine: Engine) -> None:
    text = "\n".join(line for line in STACK_FILE.splitlines() if "accountId" not in line)
    write(engine.folder, text)
    assert engine.load(text, namespace="web")["culvert:accountId"] == ""


def test_a_key_without_its_prefix_is_rejected_by_a_run_too(engine: Engine) -> None:
    """The engine gives such a key the name of the project, and takes the last one where both are there."""
    good = f'  culvert:accountId: "{ACCOUNT}"\n  culvert:zones: example.com\n  culvert:routes: blog.example.com\n'
    effective = f"config:\n{good}"
    for text in (
        effective.replace("culvert:accountId", "accountId"),
        effective + '  accountId: "other"\n',
        "config:\n" + f'  accountId: "{ACCOUNT}"\n' + good.replace(ACCOUNT, "a" * 32),
        effective + "culvert:accessTeam: team\n",
    ):
        write(engine.folder, text)
        assert set(engine.load(effective)) <= {"accountId", "culvert:accountId", "culvert:accessTeam"}


def test_another_file_without_prefixes_does_not_reject_the_run(engine: Engine) -> None:
    write(engine.folder, "config:\n  accountId: other\n")
    assert set(engine.load(STACK_FILE)) == set(LINES)


def test_a_run_names_the_lines_of_the_file_that_the_environment_names(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CULVERT_STACK_FILE", str(write(engine.folder, STACK_FILE, "stacks/other.yaml")))
    write(engine.folder, "config: {}")
    assert engine.load(STACK_FILE) == {key: f"other.yaml:{line}" for key, line in LINES.items()}
    assert engine.load(STACK_FILE, sampleSite=False)["culvert:routes[0].hostname"] == "other.yaml:8"


def test_a_conflict_with_an_existing_record_has_its_line(engine: Engine) -> None:
    text = (
        f'config:\n  culvert:accountId: "{ACCOUNT}"\n  culvert:zones: example.com\n'
        "  culvert:routes:\n    - hostname: a.example.com\n      service: http://a\n"
        "    - service: http://b\n      hostname: b.example.com\n"
    )
    settings = Settings.from_stack_file(write(engine.folder, text))
    records = {"b.example.com": (ExistingRecord("1" * 32, "A", "203.0.113.7", ""),)}
    error = rejection(settings.adopted, Existing(records=records), "culvert/dev")
    assert locations(error) == {"culvert:routes[1].hostname": "Pulumi.dev.yaml:8"}


def test_without_a_readable_stack_file_there_is_no_line(engine: Engine) -> None:
    write(engine.folder, "config: {")
    assert set(engine.load(STACK_FILE).values()) == {""}
