"""The components as another language would see them: their schema is read from the annotations."""

import pulumi
from pulumi.provider.experimental.analyzer import Analyzer

import components


def test_every_components_inputs_and_outputs_can_be_read_from_its_annotations() -> None:
    classes = [found for found in vars(components).values() if isinstance(found, type)]
    assert all(issubclass(found, pulumi.ComponentResource) for found in classes)
    read = Analyzer("culvert").analyze(classes)["component_definitions"]
    assert {name: set(found.outputs) for name, found in read.items()} == {
        "Connector": {"deployment"},
        "Namespace": {"name"},
        "NetworkPolicy": set(),
        "Records": set(),
        "SampleSite": set(),
        "Tunnel": {"tunnelId", "tunnelName", "target", "token", "configVersion"},
    }
    undescribed = [
        f"{name}.{key}" for name, found in read.items() for key, value in found.inputs.items() if not value.description
    ]
    assert undescribed == []
