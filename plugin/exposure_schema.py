"""Pulumi package schema of `Exposure`, made from the JSON Schema of the settings.

Format: https://www.pulumi.com/docs/iac/guides/building-extending/packages/schema/. Its inputs are the keys of a stack
file.
"""

from typing import Any

from settings.json_schema import json_schema
from settings.loading import STRINGS

Schema = dict[str, Any]
ANY: Schema = {"$ref": "pulumi.json#/Any"}


def inputs(package: str) -> tuple[Schema, Schema]:
    """The resource's `inputProperties` and `requiredInputs`, and the types that these refer to, by token."""
    settings = json_schema()
    properties = {key: _property(package, value) for key, value in settings["properties"].items()}
    # A group or list decides which resources exist, and the cluster's domain which Services are read, so their values
    # are plain; another text may be the output of a resource that exists, or of another stack.
    for key in STRINGS:
        del properties[key]["plain"]
    types = {_token(package, name): _type(package, group) for name, group in settings["$defs"].items()}
    return {"inputProperties": properties, "requiredInputs": settings["required"]}, types


def _type(package: str, group: Schema) -> Schema:
    properties = {key: _property(package, value) for key, value in group["properties"].items()}
    described = {"description": group["description"]} if "description" in group else {}
    required = {"required": group["required"]} if "required" in group else {}
    return {"type": "object", **described, "properties": properties, **required}


def _property(package: str, setting: Schema) -> Schema:
    parts = [setting["description"], f"Accepted: {setting['x-accepted']}.", f"See {setting['x-source']}"]
    return {"description": "\n".join(parts), **_plain(package, setting)}


def _plain(package: str, schema: Schema) -> Schema:
    """The type of a value, as one that is known before the program runs."""
    if reference := schema.get("$ref"):
        return {"plain": True, "$ref": f"#/types/{_token(package, reference.rpartition('/')[2])}"}
    if alternatives := schema.get("anyOf"):
        # A key that is left out is what null is in a stack file.
        types = [_plain(package, each) for each in alternatives if each.get("type") != "null"]
        return types[0] if len(types) == 1 else {"plain": True, "oneOf": types}
    made: Schema = {"plain": True, "type": schema["type"]}
    if schema["type"] == "array":
        made["items"] = _plain(package, schema["items"])
    if schema["type"] == "object":
        values = schema["additionalProperties"]
        made["additionalProperties"] = ANY if values is True else _plain(package, values)
    return made


def _token(package: str, group: str) -> str:
    return f"{package}:index:{group}"
