"""A typed npm package of culvert's components, made from the package's schema.

`pulumi package add` generates the real one with Pulumi's language host for Node.js, which only a full installation has.
This one has the same names and types, as far as a program needs them to create components.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_PRIMITIVES = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean"}


def write_sdk(schema: Mapping[str, Any], folder: Path) -> None:
    """Writes the package `@pulumi/culvert` to `folder`."""
    folder.mkdir(parents=True)
    code, types = ['const pulumi = require("@pulumi/pulumi");'], ['import * as pulumi from "@pulumi/pulumi";']
    for token, group in schema["types"].items():
        types.append(_interface(_name(token), group["properties"], group.get("required", [])))
    for token, resource in schema["resources"].items():
        name, outputs = _name(token), resource["properties"]
        unset = "".join(f"{output}: undefined, " for output in outputs)
        code.append(
            f"exports.{name} = class {name} extends pulumi.ComponentResource {{\n"
            "    constructor(name, args, opts) {\n"
            f"        super({json.dumps(token)}, name, {{ {unset}...args }}, opts, true);\n"
            "    }\n"
            "};"
        )
        types.append(_interface(f"{name}Inputs", resource["inputProperties"], resource["requiredInputs"]))
        properties = "".join(
            f"    readonly {key}: pulumi.Output<{_type(output)}>;\n" for key, output in outputs.items()
        )
        types.append(
            f"export declare class {name} extends pulumi.ComponentResource {{\n"
            f"    constructor(name: string, args: {name}Inputs, opts?: pulumi.ComponentResourceOptions);\n"
            f"{properties}}}"
        )
    (folder / "index.js").write_text("\n".join(code))
    (folder / "index.d.ts").write_text("\n".join(types))
    (folder / "package.json").write_text(json.dumps({"name": "@pulumi/culvert", "version": schema["version"]}))


def _interface(name: str, properties: Mapping[str, Any], required: list[str]) -> str:
    lines = [
        f"    {key}{'' if key in required else '?'}: {_input(property_)};" for key, property_ in properties.items()
    ]
    return "\n".join([f"export interface {name} {{", *lines, "}"])


def _input(schema: Mapping[str, Any]) -> str:
    return _type(schema) if schema.get("plain") else f"pulumi.Input<{_type(schema)}>"


def _type(schema: Mapping[str, Any]) -> str:
    if alternatives := schema.get("oneOf"):
        return " | ".join(_type(alternative) for alternative in alternatives)
    if reference := schema.get("$ref"):
        return _name(reference) if reference.startswith("#/types/") else "any"
    if schema["type"] == "array":
        return f"Array<{_type(schema['items'])}>"
    if schema["type"] == "object":
        return f"Record<string, {_type(schema['additionalProperties'])}>"
    return _PRIMITIVES[schema["type"]]


def _name(token: str) -> str:
    return token.rpartition(":")[2]
