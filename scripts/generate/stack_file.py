"""The JSON Schema of a stack file, for editors: made from the settings, closed under `culvert:`.

It holds shapes, types and ranges, so it catches what is mistyped. What takes a check (a zone for every hostname, one service
a route, rules that hide each other) is found by `python -m sandbox check` and by every `pulumi` command.
"""

from typing import Any

from settings import Settings
from settings.errors import PREFIX

ABOUT = "Settings of one culvert stack. Made by `make generate`: change the settings, not this file."


def schema() -> dict[str, Any]:
    """The schema. Draft 7, which is what the editors' language servers know best."""
    made = Settings.model_json_schema()
    groups = {name: _tidy(group) for name, group in made["$defs"].items()}
    keys = {f"{PREFIX}{name}": _tidy(key) for name, key in made["properties"].items()}
    # `pulumi config set` writes switches as texts.
    for switch in ("sampleSite", "monitoring"):
        keys[f"{PREFIX}{switch}"]["anyOf"].append({"enum": ["true", "false"]})
    known = "|".join(made["properties"])
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "culvert stack file",
        "description": ABOUT,
        "type": "object",
        "properties": {
            "config": {
                "type": "object",
                "properties": keys,
                # Keys of other namespaces (cloudflare:, kubernetes:) are others' to check; a key without one is nobody's.
                "patternProperties": {f"^{PREFIX}(?!({known})$)": False, "^[^:]*$": False},
            }
        },
        # With an environment, any of the keys may come from there: https://www.pulumi.com/docs/esc/
        "anyOf": [
            {"required": ["environment"]},
            {
                "required": ["config"],
                "properties": {"config": {"required": [f"{PREFIX}{name}" for name in made["required"]]}},
            },
        ],
        "definitions": groups,
    }


def _tidy(schema: Any) -> Any:
    """A part of pydantic's schema, as editors show it best: without titles, what is accepted and its source in the text."""
    if isinstance(schema, list):
        return [_tidy(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    tidy = {key: _values(key, value) for key, value in schema.items() if key != "title" and not key.startswith("x-")}
    if "x-accepted" in schema:
        tidy["description"] = f"{schema['description']}\nAccepted: {schema['x-accepted']}.\nSee {schema['x-source']}"
    if reference := tidy.pop("$ref", None):
        reference = {"$ref": reference.replace("#/$defs/", "#/definitions/")}
        # Draft 7 ignores whatever stands beside a $ref.
        return {**tidy, "allOf": [reference]} if tidy else reference
    return tidy


def _values(key: str, value: Any) -> Any:
    # Under these stand names and values of the settings' own, where a `title` is no title.
    if key in ("default", "examples", "enum", "required"):
        return value
    if key == "properties":
        return {name: _tidy(part) for name, part in value.items()}
    return _tidy(value)
