"""Settings from a stack file and from the engine."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from pulumi.runtime import set_all_config

from settings import PodDestination, Settings, SettingsError
from tests.support.paths import PROJECT
from tests.support.settings_examples import ACCOUNT, rejection

GOOD = f"""
config:
  culvert:accountId: "{ACCOUNT}"
  culvert:zones: {{example.com: }}
  culvert:routes: [{{hostname: blog.example.com, service: http://blog}}]
"""
TEXTS = {
    "culvert:accountId": "1" * 32,
    "culvert:zones": '{"example.com": null}',
    "culvert:routes": '[{"hostname": "blog.example.com", "service": "http://blog"}]',
    "culvert:namespace": "123",
    "culvert:connector": '{"replicas": 3}',
    "culvert:sampleSite": "true",
    "cloudflare:baseUrl": "https://api.example.com",
}


def stack_file(folder: Path, text: str) -> Path:
    path = folder / "Pulumi.test.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def keys_rejected(text: str, folder: Path) -> list[str]:
    return [issue.key for issue in rejection(Settings.from_stack_file, stack_file(folder, text)).issues]


@pytest.fixture
def configured() -> Iterator[Any]:
    yield set_all_config
    set_all_config({}, [])


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_the_projects_stack_files_are_valid(stack: str) -> None:
    assert Settings.from_stack_file(PROJECT / f"Pulumi.{stack}.yaml").network_policy.preset == "strict"


def test_dev_and_prod_share_an_account_and_a_zone_but_no_hostname_and_no_namespace() -> None:
    dev, prod = (Settings.from_stack_file(PROJECT / f"Pulumi.{stack}.yaml") for stack in ("dev", "prod"))
    assert dev.account_id == prod.account_id
    assert dev.zones["example.com"] == prod.zones["example.com"]
    assert not set(dev.hostnames()) & set(prod.hostnames())
    assert dev.namespace is not None
    assert prod.namespace is not None
    assert dev.namespace.name != prod.namespace.name


def test_the_template_asks_for_what_a_public_hostname_needs_alone() -> None:
    asked = yaml.safe_load((PROJECT / "templates/python/Pulumi.yaml").read_text())["template"]["config"]
    required = ["culvert:accountId", "culvert:zones", "culvert:routes"]
    assert list(asked) == required
    # The answers that the descriptions suggest.
    answers = [ACCOUNT, *(asked[key]["description"].rsplit("such as ", 1)[1] for key in required[1:])]
    settings = Settings.parse({"sampleSite": True, **dict(zip(["accountId", "zones", "routes"], answers, strict=True))})
    assert settings.zones == {"example.com": None}
    assert settings.urls() == ["https://blog.example.com"]
    # The sample site's own port: the hostname leads to it.
    assert settings.destinations("blog") == (PodDestination("blog", {}, 8080),)


def test_a_hostname_alone_is_checked_like_any_other(tmp_path: Path) -> None:
    for text, key in (
        ("culvert:routes: blog.example.org", "culvert:routes"),
        ("culvert:routes: [blog_.example.com]", "culvert:routes[0]"),
        ("culvert:zones: example", "culvert:zones"),
    ):
        name = text.split(": ")[0]
        lines = [line for line in GOOD.splitlines() if name not in line]
        assert keys_rejected("\n".join([*lines, f"  {text}"]), tmp_path)[0].startswith(key)


def test_keys_of_other_packages_are_ignored(tmp_path: Path) -> None:
    text = GOOD + "  cloudflare:baseUrl: https://api.example.com\nencryptionsalt: v1:x\n"
    assert Settings.from_stack_file(stack_file(tmp_path, text)).account_id == ACCOUNT


def test_a_boolean_that_the_engine_wrote_as_a_string_is_a_boolean(tmp_path: Path) -> None:
    settings = Settings.from_stack_file(stack_file(tmp_path, GOOD + '  culvert:sampleSite: "true"\n'))
    assert settings.sample_site is not None


def test_yes_is_a_string_as_it_is_for_the_engine(tmp_path: Path) -> None:
    assert keys_rejected(GOOD + "  culvert:sampleSite: yes\n", tmp_path) == ["culvert:sampleSite"]


def test_a_duplicate_key_is_rejected_with_its_line(tmp_path: Path) -> None:
    assert keys_rejected(GOOD + f'  culvert:accountId: "{ACCOUNT}"\n', tmp_path) == ["Pulumi.test.yaml"]


def test_a_file_that_is_not_yaml_is_rejected_with_line_and_column(tmp_path: Path) -> None:
    # The rest of the message is libyaml's.
    message = r"^1 mistake .+\n1\. Pulumi\.test\.yaml \(line 2, column 1\) is not valid YAML: while parsing"
    with pytest.raises(SettingsError, match=message):
        Settings.from_stack_file(stack_file(tmp_path, "config: {"))


@pytest.mark.parametrize("text", ["", "config:", "config: {}", "encryptionsalt: v1:x"])
def test_a_file_without_settings_misses_the_required_keys(text: str, tmp_path: Path) -> None:
    assert keys_rejected(text, tmp_path) == ["culvert:accountId", "culvert:zones", "culvert:routes"]


@pytest.mark.parametrize(
    "encrypted", ["culvert:namespace: {secure: v1:x}", "culvert:connector: {scheduling: [{secure: v1:x}]}"]
)
def test_an_encrypted_setting_is_rejected_without_its_value(encrypted: str, tmp_path: Path) -> None:
    error = rejection(Settings.from_stack_file, stack_file(tmp_path, f"{GOOD}  {encrypted}\n"))
    assert [issue.key for issue in error.issues] == [encrypted.split(": ")[0]]
    assert "v1:x" not in str(error)


def test_the_engines_strings_are_decoded_by_key(configured: Any) -> None:
    configured(TEXTS, [])
    settings = Settings.load()
    assert settings.account_id == "1" * 32
    assert settings.zones == {"example.com": None}
    assert settings.namespace is not None
    assert settings.namespace.name == "123"
    assert settings.connector.replicas == 3
    assert settings.sample_site is not None


def test_an_object_is_decoded_where_a_name_is_accepted(configured: Any) -> None:
    configured({**TEXTS, "culvert:namespace": '{"name": "web", "create": false}', "culvert:sampleSite": "false"}, [])
    settings = Settings.load()
    assert settings.namespace is not None
    assert (settings.namespace.name, settings.namespace.create) == ("web", False)
    assert settings.sample_site is None


def test_an_unknown_key_of_the_project_is_rejected(configured: Any) -> None:
    configured({**TEXTS, "culvert:replicas": "3"}, [])
    rejection(Settings.load)


def test_the_program_rejects_an_encrypted_setting_too(configured: Any) -> None:
    configured(TEXTS, ["culvert:namespace"])
    rejection(Settings.load)


def test_the_environment_variable_is_read_if_the_engine_sets_no_configuration(
    configured: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import json

    configured({}, [])
    monkeypatch.setenv("PULUMI_CONFIG", json.dumps(TEXTS))
    assert Settings.load().connector.replicas == 3
