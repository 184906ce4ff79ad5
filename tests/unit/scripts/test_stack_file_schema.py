"""The schema that editors check stack files with: it takes the good ones and marks what is mistyped."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from scripts.generate.files import PROJECT

CHECK = Draft7Validator(json.loads((PROJECT / "culvert.schema.json").read_text()))
ACCOUNT = "0123456789abcdef0123456789abcdef"
GOOD: dict[str, Any] = {
    "culvert:accountId": ACCOUNT,
    "culvert:zones": {"example.com": None},
    "culvert:routes": [{"hostname": "blog.example.com", "service": "http://blog"}],
}


def errors(config: dict[str, Any]) -> list[str]:
    """What is wrong in a stack file of these keys, as editors show it."""
    document = {"config": {**GOOD, **config}}
    return [error.message for top in CHECK.iter_errors(document) for error in (top, *(top.context or ()))]


def test_the_schema_is_one() -> None:
    Draft7Validator.check_schema(CHECK.schema)


@pytest.mark.parametrize("path", sorted(PROJECT.glob("Pulumi.*.yaml")), ids=lambda path: path.name)
def test_stack_files_name_it_in_their_first_line_and_pass(path: Path) -> None:
    assert path.read_text().startswith("# yaml-language-server: $schema=culvert.schema.json\n")
    assert list(CHECK.iter_errors(yaml.safe_load(path.read_text()))) == []


def test_a_setting_may_be_written_in_each_of_its_forms() -> None:
    for config in (
        {"culvert:namespace": "blog"},
        {"culvert:namespace": {"name": "blog", "create": False}},
        {"culvert:sampleSite": True},
        {"culvert:sampleSite": "true"},
        {"culvert:sampleSite": {"name": "blog"}},
        {"culvert:routes": [{"hostname": "a.example.com", "service": "http://a", "path": "/v1"}]},
        {"culvert:routes": [{"hostname": "a.example.com", "service": "http://a", "path": {"exact": "/v1"}}]},
        {"culvert:connector": {"resources": {"limits": {"cpu": 1}}, "extraEnv": [{"name": "A", "value": "1"}]}},
    ):
        assert errors(config) == [], config


def test_every_example_in_the_settings_passes() -> None:
    for key, described in CHECK.schema["properties"]["config"]["properties"].items():  # pyright: ignore[reportIndexIssue, reportArgumentType]
        for example in described["examples"]:
            assert errors({key: example}) == [], key


@pytest.mark.parametrize(
    "config",
    [
        {"culvert:acountId": ACCOUNT},
        {"culvert:route": []},
        {"acountId": ACCOUNT},
        {"culvert:accountId": 1234},
        {"culvert:zones": {}},
        {"culvert:zones": ["example.com"]},
        {"culvert:routes": []},
        {"culvert:routes": [{"hostname": "a.example.com", "servise": "http://a"}]},
        {"culvert:routes": [{"service": "http://a"}]},
        {"culvert:routes": [{"hostname": "a.example.com", "backend": {"service": "a", "port": "80"}}]},
        {"culvert:routes": [{"hostname": "a.example.com", "backend": {"service": "a", "port": 80, "targetport": 1}}]},
        {"culvert:routes": [{"hostname": "a.example.com", "backend": {"service": "a", "port": 0}}]},
        {"culvert:namespace": {"names": "blog"}},
        {"culvert:connector": {"replicas": 26}},
        {"culvert:connector": {"replica": 2}},
        {"culvert:connector": {"protocol": "tcp"}},
        {"culvert:connector": {"image": {"tags": "2026.7.3"}}},
        {"culvert:connector": {"resources": {"request": {"cpu": "1"}}}},
        {"culvert:connector": {"extraVolumes": [{"name": "a", "mountPath": "/a", "hostPath": {"path": "/"}}]}},
        {"culvert:networkPolicy": {"preset": "open"}},
        {"culvert:networkPolicy": {"metricsFor": "monitoring"}},
        {"culvert:sampleSite": "yes"},
    ],
    ids=json.dumps,
)
def test_a_mistyped_setting_is_marked(config: dict[str, Any]) -> None:
    assert errors(config) != []


def test_settings_of_providers_are_others_to_check() -> None:
    assert errors({"kubernetes:context": "prod", "cloudflare:apiToken": {"secure": "v1:x"}}) == []


def test_required_keys_may_come_from_an_environment_and_from_nowhere_else() -> None:
    assert list(CHECK.iter_errors({"config": {"culvert:accountId": ACCOUNT}})) != []
    assert list(CHECK.iter_errors({"configs": GOOD})) != []
    assert list(CHECK.iter_errors({"environment": ["culvert/prod"]})) == []
    assert list(CHECK.iter_errors({"environment": ["culvert/prod"], "config": {"culvert:rotes": []}})) != []
