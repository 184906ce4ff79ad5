"""The components as other languages see them."""

import json
import re
from collections.abc import Iterator
from typing import Any

import yaml

from plugin import package
from tests.support.paths import PROJECT

SCHEMA = package.schema()


def test_every_component_is_in_the_package_with_its_own_description() -> None:
    classes = {found.__name__: found for found in package.COMPONENTS}
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
    assert "replacedWith" not in published
    assert "beforeDelete" not in published


def test_the_plugin_is_installed_with_the_pins_of_the_program() -> None:
    program = _pins((PROJECT / "requirements.txt").read_text())
    # The engine makes the plugin's environment, and its pip.
    components = _pins((PROJECT / "plugin" / "requirements.txt").read_text())
    assert components == [pin for pin in program if not pin.startswith("pip==")]


def test_examples_find_the_package_and_name_what_is_in_it() -> None:
    for language in ("yaml", "typescript"):
        folder = PROJECT / "examples" / language
        place = yaml.safe_load((folder / "Pulumi.yaml").read_text())["packages"]["culvert"]
        assert (folder / place / "PulumiPlugin.yaml").is_file()
    program = (PROJECT / "examples" / "typescript" / "index.ts").read_text()
    named = set(re.findall(r"new culvert\.(\w+)\(", program))
    assert named == {"Namespace", "NetworkPolicy", "Tunnel", "Connector", "Records"}
    for variable, kind in (("namespace", "Namespace"), ("tunnel", "Tunnel"), ("connector", "Connector")):
        outputs = set(SCHEMA["resources"][f"culvert:index:{kind}"]["properties"])
        used = set(re.findall(rf"\b{variable}\.(\w+)", program))
        assert used
        assert used <= outputs


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
