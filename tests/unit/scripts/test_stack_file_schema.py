"""The JSON Schema with which editors validate stack files: it accepts valid ones and marks mistyped settings."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from scripts.generate.files import PROJECT

VALIDATOR = Draft7Validator(json.loads((PROJECT / "culvert.schema.json").read_text()))
ACCOUNT = "0123456789abcdef0123456789abcdef"
VALID: dict[str, Any] = {
    "culvert:accountId": ACCOUNT,
    "culvert:zones": {"example.com": None},
    "culvert:routes": [{"hostname": "blog.example.com", "service": "http://blog"}],
}


def errors(config: dict[str, Any]) -> list[str]:
    """The errors of a stack file with these keys, as editors show them."""
    document = {"config": {**VALID, **config}}
    return [error.message for top in VALIDATOR.iter_errors(document) for error in (top, *(top.context or ()))]


def test_the_schema_is_valid() -> None:
    Draft7Validator.check_schema(VALIDATOR.schema)


@pytest.mark.parametrize("path", sorted(PROJECT.glob("Pulumi.*.yaml")), ids=lambda path: path.name)
def test_stack_files_name_the_schema_in_their_first_line_and_are_valid(path: Path) -> None:
    assert path.read_text().startswith("# yaml-language-server: $schema=culvert.schema.json\n")
    assert list(VALIDATOR.iter_errors(yaml.safe_load(path.read_text()))) == []


def test_each_form_of_a_setting_is_valid() -> None:
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


def test_every_example_of_a_setting_is_valid() -> None:
    for key, schema in VALIDATOR.schema["properties"]["config"]["properties"].items():  # pyright: ignore[reportIndexIssue, reportArgumentType]
        for example in schema["examples"]:
            assert errors({key: example}) == [], key


@pytest.mark.parametrize(
    "config",
    [
        {"culvert:acountId": ACCOUNT},
        {"culvert:route": []},
        {"acountId": ACCOUNT},
        {"culvert:accountId": 1234},
        {"culvert:zones": ["example.com"]},
        {"culvert:routes": [{"hostname": "a.example.com", "servise": "http://a"}]},
        {"culvert:routes": [{"service": "http://a"}]},
        {"culvert:routes": [{"hostname": "a.example.com", "backend": {"service": "a", "port": "80"}}]},
        {"culvert:routes": [{"hostname": "a.example.com", "backend": {"service": "a", "port": 80, "targetport": 1}}]},
        {"culvert:routes": [{"hostname": "a.example.com", "backend": {"service": "a", "port": 0}}]},
        {"culvert:namespace": {"names": "blog"}},
        {"culvert:connector": {"replicas": 26}},
        {"culvert:connector": {"replica": 2}},
        {"culvert:connector": {"protocol": "tcp"}},
        {"culvert:connector": {"image": {"tags": "2026.10.0"}}},
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


def test_settings_of_providers_are_not_validated() -> None:
    assert errors({"kubernetes:context": "prod", "cloudflare:apiToken": {"secure": "v1:x"}}) == []


def test_only_an_environment_may_supply_required_keys_instead() -> None:
    assert list(VALIDATOR.iter_errors({"config": {"culvert:accountId": ACCOUNT}})) != []
    assert list(VALIDATOR.iter_errors({"config": {"culvert:accountId": ACCOUNT, "culvert:routes": ["a"]}})) != []
    private = {"culvert:accountId": ACCOUNT, "culvert:privateNetworks": {"routes": [{"network": "10.0.0.0/16"}]}}
    assert list(VALIDATOR.iter_errors({"config": private})) == []
    assert list(VALIDATOR.iter_errors({"configs": VALID})) != []
    assert list(VALIDATOR.iter_errors({"environment": ["culvert/prod"]})) == []
    assert list(VALIDATOR.iter_errors({"environment": ["culvert/prod"], "config": {"culvert:rotes": []}})) != []
