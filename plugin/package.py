"""The components as a Pulumi package.

Its schema is read off the components: their args types, output annotations and docstrings
(https://www.pulumi.com/docs/iac/guides/building-extending/packages/source-based-plugin/).
"""

import inspect
import json
from typing import Any

from pulumi.provider import main
from pulumi.provider.experimental.component import ComponentProvider
from pulumi.provider.experimental.host import components_from_module
from pulumi.resource import DependencyResource
from pulumi.runtime import ResourceModule, register_resource_module
from semver import VersionInfo

import components

NAME = "culvert"
VERSION = "0.1.0"
COMPONENTS = [each for each in components_from_module(components) if each is not components.Exposure]


class Package(ComponentProvider):
    """A provider of every component, with a schema that reads well in any language and is the same on any Python."""

    def __init__(self) -> None:
        super().__init__(COMPONENTS, NAME, version=VERSION)
        self.schema = json.dumps(_tidy(_published(json.loads(self.schema or ""))))


class _Components(ResourceModule):
    """Reads a component that is handed to another one, as `after` takes it. Without this it would arrive as a text."""

    def version(self) -> VersionInfo:
        return VersionInfo.parse(VERSION)

    def construct(self, name: str, typ: str, urn: str) -> Any:
        del name, typ  # both are in the urn
        return DependencyResource(urn)


def serve(arguments: list[str]) -> None:
    """Serves the package to the engine until it is done; `arguments` are what the engine starts a plugin with."""
    register_resource_module(NAME, "index", _Components())
    main(Package(), arguments)


def schema() -> dict[str, Any]:
    """The package's schema, as `pulumi package get-schema` prints it."""
    return json.loads(Package().schema or "")


def _published(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema without what cannot be handed to a component of another process: the `replacedWith` of its options takes
    no resource inside a component, and a hook is a function of the program's."""
    hidden = (("Connector", "replacedWith"), ("PrivateNetworks", "replacedWith"), ("WafRules", "beforeDelete"))
    for component, name in hidden:
        del schema["resources"][f"{NAME}:index:{component}"]["inputProperties"][name]
    return schema


def _tidy(schema: Any) -> Any:
    """The schema with its descriptions as text: docstrings carry the indentation of the code, and Python 3.13 takes it off
    some of them; a list's and a map's description is repeated for what is in it."""
    if not isinstance(schema, dict):
        return schema
    tidy = {key: _tidy(value) for key, value in schema.items()}
    for inner in ("items", "additionalProperties"):
        if inner in tidy:
            tidy[inner].pop("description", None)
    if isinstance(tidy.get("description"), str):
        tidy["description"] = inspect.cleandoc(tidy["description"])
    return tidy
