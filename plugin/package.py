"""The components as a Pulumi package.

The schema of the small components is read off the components: their args types, output annotations and docstrings
(https://www.pulumi.com/docs/iac/guides/building-extending/packages/source-based-plugin/). The inputs of `Exposure` are
read off the settings.
"""

import inspect
import json
from typing import Any

import pulumi
from pulumi.errors import InputPropertiesError, InputPropertyErrorDetails
from pulumi.provider import ConstructResult, main
from pulumi.provider.experimental.analyzer import ComponentDefinition, PropertyDefinition
from pulumi.provider.experimental.component import ComponentProvider
from pulumi.provider.experimental.host import components_from_module
from pulumi.provider.experimental.schema import Resource, remove_none
from pulumi.provider.server import ComponentInitError
from pulumi.resource import DependencyResource
from pulumi.runtime import ResourceModule, register_resource_module
from semver import VersionInfo

import components
from components.argument_check import ArgumentError
from components.exposure import Exposure, exports
from plugin import exposure_schema
from plugin.inputs import plain
from plugin.spelling import camel_case, python_names
from settings import Settings, SettingsError
from settings.errors import PREFIX

NAME = "culvert"
VERSION = "0.1.0"
REPOSITORY = "https://github.com/OWNER/culvert"
DESCRIPTION = "Kubernetes Services at public hostnames through a Cloudflare Tunnel, without an open port"
COMPONENTS = [each for each in components_from_module(components) if each is not Exposure]
EXPOSURE = f"{NAME}:index:Exposure"


class Package(ComponentProvider):
    """A provider of every component, with a schema that reads well in any language and is the same on any Python."""

    def __init__(self) -> None:
        super().__init__(COMPONENTS, NAME, version=VERSION)
        schema = _published(json.loads(self.schema or ""))
        outputs, mapping = self.analyzer.analyze_type(Exposure, is_component_output=True)
        definition = ComponentDefinition(
            name="Exposure",
            description=Exposure.__doc__,
            inputs={},
            inputs_mapping={},
            outputs=outputs,
            outputs_mapping=mapping,
            module=Exposure.__module__,
        )
        inputs, types = exposure_schema.inputs(NAME)
        assert not types.keys() & schema["types"].keys()
        schema["resources"] = {
            EXPOSURE: {**remove_none(Resource.from_definition(definition).to_json()), **inputs},
            **schema["resources"],
        }
        schema["types"] |= types
        self._python_names = {*python_names(schema)}
        self.schema = camel_case(json.dumps(_tidy(schema)), self._python_names)

    def construct(
        self,
        name: str,
        resource_type: str,
        inputs: pulumi.Inputs,
        options: pulumi.ResourceOptions | None = None,
    ) -> ConstructResult:
        """Create a component. What its checks refuse is an error of the inputs, without a trace of Python's lines."""
        if resource_type != EXPOSURE:
            return self._small_component(name, resource_type, inputs, options)
        try:
            values, resources = plain(inputs)
            after = pulumi.ResourceOptions(depends_on=[*resources])
            exposure = Exposure(name, Settings.parse(values), pulumi.ResourceOptions.merge(options, after))
        except SettingsError as error:
            raise InputPropertiesError(
                "nothing was created",
                [_input_error(each.key, f"{each.message} See {each.source}") for each in error.issues],
            ) from error
        except pulumi.RunError as error:
            # It names the setting itself.
            raise InputPropertiesError("nothing was created", [_input_error("", str(error))]) from error
        return ConstructResult(exposure.urn, {**exports(exposure)})

    def _small_component(
        self, name: str, resource_type: str, inputs: pulumi.Inputs, options: pulumi.ResourceOptions | None
    ) -> ConstructResult:
        try:
            return super().construct(name, resource_type, inputs, options)
        except ComponentInitError as error:
            match error.inner:
                case ArgumentError(mistakes=mistakes):
                    details = [
                        _input_error(*(camel_case(text, self._python_names) for text in each)) for each in mistakes
                    ]
                case pulumi.RunError():
                    details = [_input_error("", str(error.inner))]
                case _:
                    raise
            raise InputPropertiesError("the component was not created", details) from error

    def map_input_properties(
        self,
        inputs: Any,
        properties: dict[str, PropertyDefinition],
        mapping: dict[str, str],
        component_name: str,
        property_path: str,
    ) -> Any:
        """The inputs with Python's names, at any depth.

        The SDK drops what the schema does not have, so that a default would apply, which may allow more, and renames
        nothing within an output. Here unknown inputs stay, and the component rejects them.
        """
        if not isinstance(inputs, dict):
            return inputs

        def mapped(key: str, value: Any) -> Any:
            if isinstance(value, pulumi.Output):
                return value.apply(lambda known: mapped(key, known))
            if not isinstance(value, (dict, list)):
                return value
            definition = {key: properties[key]}
            renamed = super(Package, self).map_input_properties(
                {key: value}, definition, mapping, component_name, property_path
            )
            return renamed[mapping[key]]

        return {
            mapping.get(key, key): mapped(key, value) if key in properties else value
            for key, value in inputs.items()
            if value is not None
        }


def _input_error(key: str, message: str) -> InputPropertyErrorDetails:
    return {"property_path": key.removeprefix(PREFIX), "reason": message}


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
    """The schema with links to its documentation, without what cannot be handed to a component of another process.

    The `replaceWith` of its options takes no resource inside a component, and a hook is a function of the program's.
    """
    hidden = (("Connector", "replaceWith"), ("PrivateNetworks", "replaceWith"), ("WafRules", "beforeDelete"))
    for component, name in hidden:
        del schema["resources"][f"{NAME}:index:{component}"]["inputProperties"][name]
    about = {"displayName": NAME, "description": DESCRIPTION, "homepage": REPOSITORY, "repository": REPOSITORY}
    return {**schema, **about, "attribution": f"Settings: {REPOSITORY}/blob/main/docs/settings.md"}


def _tidy(schema: Any) -> Any:
    """The schema with its descriptions as text: docstrings carry the indentation of the code, and Python 3.13 takes it
    off some of them; a list's and a map's description is repeated for what is in it."""
    if not isinstance(schema, dict):
        return schema
    tidy = {key: _tidy(value) for key, value in schema.items()}
    for inner in ("items", "additionalProperties"):
        if inner in tidy:
            tidy[inner].pop("description", None)
    if isinstance(tidy.get("description"), str):
        tidy["description"] = inspect.cleandoc(tidy["description"])
    return tidy
