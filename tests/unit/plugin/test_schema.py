"""The package's schema: the components in other languages."""

import json
import re
from collections.abc import Iterator
from typing import Any

import yaml
from pydantic.alias_generators import to_camel

import components
from components import Exposure
from plugin import package
from settings.json_schema import json_schema
from tests.support.paths import PROJECT

SCHEMA = package.schema()


def test_every_component_is_in_the_package_with_its_own_description() -> None:
    classes = {value.__name__: value for value in vars(components).values() if isinstance(value, type)}
    assert {token.rsplit(":", 1)[-1] for token in SCHEMA["resources"]} == set(classes)
    for token, resource in SCHEMA["resources"].items():
        first_line = (classes[token.rsplit(":", 1)[-1]].__doc__ or "").splitlines()[0]
        assert resource["description"].startswith(first_line)
        assert resource["isComponent"] is True


def test_every_input_and_output_has_a_description() -> None:
    undescribed = [path for path, schema in _properties() if not schema.get("description")]
    assert undescribed == []


def test_descriptions_are_dedented() -> None:
    indented = [path for path, schema in _properties() if re.search(r"\n +", schema["description"])]
    assert indented == []


def test_names_are_in_camel_case() -> None:
    assert [path for path, _ in _properties() if "_" in path] == []


def test_a_connector_requires_a_namespace_and_a_token_only() -> None:
    assert SCHEMA["resources"]["culvert:index:Connector"]["requiredInputs"] == ["namespace", "token"]


def test_resource_options_of_python_are_not_inputs() -> None:
    published = json.dumps(SCHEMA)
    assert "replaceWith" not in published
    assert "beforeDelete" not in published


def test_the_plugin_is_installed_with_the_pins_of_the_program() -> None:
    program = _pins((PROJECT / "requirements.txt").read_text())
    # The engine creates the plugin's environment, pip included.
    components = _pins((PROJECT / "plugin" / "requirements.txt").read_text())
    assert components == [pin for pin in program if not pin.startswith("pip==")]


def test_the_inputs_of_an_exposure_are_the_keys_of_a_stack_file() -> None:
    exposure = SCHEMA["resources"]["culvert:index:Exposure"]
    settings = json_schema()
    assert exposure["inputProperties"].keys() == settings["properties"].keys()
    assert exposure["requiredInputs"] == ["accountId"]
    for name, group in settings["$defs"].items():
        published = SCHEMA["types"][f"culvert:index:{name}"]
        assert published["properties"].keys() == group["properties"].keys()
        assert published.get("required") == group.get("required")


def test_inputs_that_decide_which_resources_exist_are_plain() -> None:
    exposure = SCHEMA["resources"]["culvert:index:Exposure"]
    inputs = [name for name, schema in exposure["inputProperties"].items() if not schema.get("plain")]
    assert inputs == ["accountId", "accessTeam"]
    route = SCHEMA["types"]["culvert:index:Route"]["properties"]
    assert all(schema["plain"] for schema in route.values())
    assert route["path"]["oneOf"] == [
        {"plain": True, "$ref": "#/types/culvert:index:PathOptions"},
        {"plain": True, "type": "string"},
    ]


def test_an_exposure_has_the_outputs_of_the_program() -> None:
    exposure = SCHEMA["resources"]["culvert:index:Exposure"]
    assert list(exposure["properties"]) == [to_camel(name) for name in Exposure.__annotations__]
    optional = {"publicHostname", "wafRules", "services", "virtualNetworkId", "serviceTokens"}
    assert set(exposure["properties"]) - set(exposure["required"]) == optional


def test_every_referenced_type_is_in_the_package() -> None:
    references = set(re.findall(r'"#/types/([^"]+)"', json.dumps(SCHEMA)))
    assert references <= set(SCHEMA["types"])


def test_examples_use_what_the_package_has() -> None:
    for language in ("yaml", "typescript"):
        folder = PROJECT / "examples" / language
        path = yaml.safe_load((folder / "Pulumi.yaml").read_text())["packages"]["culvert"]
        assert (folder / path / "PulumiPlugin.yaml").is_file()
    program = (PROJECT / "examples" / "typescript" / "index.ts").read_text()
    assert set(re.findall(r"new culvert\.(\w+)\(", program)) == {"Exposure"}
    used = set(re.findall(r"\bexposure\.(\w+)", program))
    assert used
    assert used <= set(SCHEMA["resources"]["culvert:index:Exposure"]["properties"])


def _properties() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every input, output and property of a type, with its path."""
    for token, resource in SCHEMA["resources"].items():
        for name, schema in {**resource["inputProperties"], **resource["properties"]}.items():
            yield f"{token}.{name}", schema
    for token, type_ in SCHEMA["types"].items():
        for name, schema in type_["properties"].items():
            yield f"{token}.{name}", schema


def _pins(text: str) -> list[str]:
    return [line for line in text.splitlines() if "==" in line]
