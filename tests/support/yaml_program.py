"""As much of Pulumi's YAML language as the example needs, its words held to the package's schema.

The language host for YAML cannot be had everywhere; the program is run with the engine all the same. What it names
(components, inputs, outputs) has to be in the schema, as the host would insist.
https://www.pulumi.com/docs/iac/languages-sdks/yaml/yaml-language-reference/
"""

import re
from collections.abc import Mapping
from typing import Any

import pulumi


def run(document: Mapping[str, Any], schema: Mapping[str, Any]) -> None:
    """Registers the resources of a YAML program, in the order written, and exports its outputs."""
    config = pulumi.Config()
    known: dict[str, Any] = {"pulumi": {"project": pulumi.get_project(), "stack": pulumi.get_stack()}}
    for key, declared in document["config"].items():
        known[key] = config.get(key) or declared["default"]
    for key, resource in document["resources"].items():
        known[key] = _registered(resource["name"], resource, schema, known)
    for key, output in document["outputs"].items():
        pulumi.export(key, _value(output, known))


def _registered(name: str, resource: Mapping[str, Any], schema: Mapping[str, Any], known: dict[str, Any]) -> Any:
    package, kind = resource["type"].split(":")
    token = f"{package}:index:{kind}"
    declared = schema["resources"][token]
    properties = _value(resource["properties"], known)
    assert set(declared["requiredInputs"]) <= set(properties) <= set(declared["inputProperties"]), token
    # A property without a value is an output to come, as in the SDKs that Pulumi generates.
    return pulumi.ComponentResource(token, name, {**dict.fromkeys(declared["properties"]), **properties}, remote=True)


def _value(written: Any, known: dict[str, Any]) -> Any:
    if isinstance(written, Mapping):
        return {_value(key, known): _value(value, known) for key, value in written.items()}
    if isinstance(written, list):
        return [_value(item, known) for item in written]
    if not isinstance(written, str):
        return written
    parts = [_named(part, known) if number % 2 else part for number, part in enumerate(_split(written)) if part]
    if all(isinstance(part, str) for part in parts):
        return "".join(parts)
    return parts[0] if len(parts) == 1 else pulumi.Output.concat(*parts)


def _split(text: str) -> list[str]:
    return re.split(r"\$\{([^}]+)\}", text)


def _named(path: str, known: dict[str, Any]) -> Any:
    first, *rest = path.split(".")
    found = known[first]
    for part in rest:
        found = found[part] if isinstance(found, dict) else getattr(found, part)
    return found
