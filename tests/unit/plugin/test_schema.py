"""The components as other languages see them."""

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
    classes = {found.__name__: found for found in vars(components).values() if isinstance(found, type)}
    assert {token.rsplit(":", 1)[-1] for token in SCHEMA["resources"]} == set(classes)
    for token, resource in SCHEMA["resources"].items():
        first_line = (classes[token.rsplit(":", 1)[-1]].__doc__ or "").splitlines()[0]
        assert resource["description"].startswith(first_line)
        assert resource["isComponent"] is True


def test_every_input_and_output_says_what_it_is() -> None:
    silent = [place for place, described in _properties() if not described.get("description")]
    assert silent == []


def test_descriptions_carry_no_indentation_of_the_code() -> None:
    indented = [place for place, described in _properties() if re.search(r"\n +", described["description"])]
    assert indented == []


def test_names_are_in_camel_case_as_in_every_language_but_python() -> None:
    assert [place for place, _ in _properties() if "_" in place] == []


def test_a_namespace_and_a_token_are_all_that_a_connector_asks_for() -> None:
    assert SCHEMA["resources"]["culvert:index:Connector"]["requiredInputs"] == ["namespace", "token"]


def test_what_no_other_language_can_hand_over_is_not_published() -> None:
    published = json.dumps(SCHEMA)
    assert "replaceWith" not in published
    assert "beforeDelete" not in published


def test_the_plugin_is_installed_with_the_pins_of_the_program() -> None:
    program = _pins((PROJECT / "requirements.txt").read_text())
    # The engine makes the plugin's environment, and its pip.
    components = _pins((PROJECT / "plugin" / "requirements.txt").read_text())
    assert components == [pin for pin in program if not pin.startswith("pip==")]


def test_the_inputs_of_an_exposure_are_the_keys_of_a_stack_file() -> None:
    exposure = SCHEMA["resources"]["culvert:index:Exposure"]
    settings = json_schema()
    assert exposure["inputProperties"].keys() == settings["properties"].keys()
    assert exposure["requiredInputs"] == ["accountId", "zones", "routes"]
    for name, group in settings["$defs"].items():
        published = SCHEMA["types"][f"culvert:index:{name}"]
        assert published["properties"].keys() == group["properties"].keys()
        assert published.get("required") == group.get("required")


def test_what_decides_which_resources_exist_is_a_plain_input() -> None:
    exposure = SCHEMA["resources"]["culvert:index:Exposure"]
    inputs = [name for name, described in exposure["inputProperties"].items() if not described.get("plain")]
    assert inputs == ["accountId", "accessTeam"]
    route = SCHEMA["types"]["culvert:index:Route"]["properties"]
    assert all(described["plain"] for described in route.values())
    assert route["path"]["oneOf"] == [
        {"plain": True, "$ref": "#/types/culvert:index:PathOptions"},
        {"plain": True, "type": "string"},
    ]


def test_an_exposure_has_the_outputs_of_the_program() -> None:
    exposure = SCHEMA["resources"]["culvert:index:Exposure"]
    assert list(exposure["properties"]) == [to_camel(name) for name in Exposure.__annotations__]
    assert set(exposure["properties"]) - set(exposure["required"]) == {"wafRules", "virtualNetworkId", "serviceTokens"}


def test_every_reference_to_a_type_is_to_one_of_the_package() -> None:
    references = set(re.findall(r'"#/types/([^"]+)"', json.dumps(SCHEMA)))
    assert references <= set(SCHEMA["types"])


def test_examples_find_the_package_and_name_what_is_in_it() -> None:
    for language in ("yaml", "typescript"):
        folder = PROJECT / "examples" / language
        place = yaml.safe_load((folder / "Pulumi.yaml").read_text())["packages"]["culvert"]
        assert (folder / place / "PulumiPlugin.yaml").is_file()
    program = (PROJECT / "examples" / "typescript" / "index.ts").read_text()
    assert set(re.findall(r"new culvert\.(\w+)\(", program)) == {"Exposure"}
    used = set(re.findall(r"\bexposure\.(\w+)", program))
    assert used
    assert used <= set(SCHEMA["resources"]["culvert:index:Exposure"]["properties"])


def _properties() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every input, output and part of a type, by its place."""
    for token, resource in SCHEMA["resources"].items():
        for name, described in {**resource["inputProperties"], **resource["properties"]}.items():
            yield f"{token}.{name}", described
    for token, type_ in SCHEMA["types"].items():
        for name, described in type_["properties"].items():
            yield f"{token}.{name}", described


def _pins(text: str) -> list[str]:
    return [line for line in text.splitlines() if "==" in line]
