"""The components in other languages: their schema comes from the annotations."""

from typing import Any

import pulumi
import pytest
from pulumi.provider.experimental.analyzer import Analyzer

import components
from plugin import package
from settings import ConnectorOptions
from tests.support.mock_recorder import ZONE_ID, Deploy


def test_every_components_inputs_and_outputs_can_be_read_from_its_annotations() -> None:
    classes = [found for found in vars(components).values() if isinstance(found, type)]
    assert all(issubclass(found, pulumi.ComponentResource) for found in classes)
    read = Analyzer("culvert").analyze(package.COMPONENTS)["component_definitions"]
    assert {name: set(found.outputs) for name, found in read.items()} == {
        "Access": {"audiences", "serviceTokens"},
        "Connector": {"deployment"},
        "WafRules": set(),
        "LoadBalancer": set(),
        "Monitoring": set(),
        "Namespace": {"name"},
        "NetworkPolicy": set(),
        "Notification": set(),
        "PrivateNetworks": {"virtualNetworkId"},
        "Records": {"ids"},
        "SampleSite": set(),
        "Tunnel": {"tunnelId", "tunnelName", "target", "token", "configVersion"},
    }
    undescribed = [
        f"{name}.{key}" for name, found in read.items() for key, value in found.inputs.items() if not value.description
    ]
    assert undescribed == []


def test_a_connector_requires_only_a_namespace_and_a_token(deploy: Deploy) -> None:
    bare = deploy(lambda: components.Connector("culvert-dev", {"namespace": "blog", "token": "t"})).one("Deployment")
    spec = bare.inputs["spec"]
    (container,) = spec["template"]["spec"]["containers"]
    options = ConnectorOptions()
    assert spec["replicas"] == options.replicas
    assert container["image"] == options.image.reference
    assert container["resources"] == options.resources
    assert spec["template"]["spec"]["terminationGracePeriodSeconds"] == options.grace_period_seconds + 15
    assert {"name": "TUNNEL_GRACE_PERIOD", "value": "30s"} in container["env"]


def test_a_network_policy_selects_the_connector_of_its_own_name(deploy: Deploy) -> None:
    def program() -> None:
        components.NetworkPolicy("culvert-dev", {"namespace": "blog", "destinations": []})
        components.Connector("culvert-dev", {"namespace": "blog", "token": "t"})

    recorded = deploy(program)
    assert (
        recorded.one("NetworkPolicy").inputs["spec"]["podSelector"]
        == recorded.one("Deployment").inputs["spec"]["selector"]
    )


@pytest.mark.parametrize("as_output", [False, True])
def test_a_pod_selector_in_camel_case_does_not_allow_the_whole_namespace(deploy: Deploy, as_output: bool) -> None:
    camel: Any = [{"namespace": "blog", "podSelector": {"app": "blog"}, "port": 8080}]

    def program() -> None:
        destinations = pulumi.Output.from_input(camel) if as_output else camel
        components.NetworkPolicy("shop", {"namespace": "blog", "destinations": destinations})

    with pytest.raises(ValueError, match=r"destinations\[0\].podSelector is an unknown argument"):
        deploy(program)


def test_inputs_within_outputs_get_pythons_names(deploy: Deploy) -> None:
    destinations = [{"namespace": "shop", "podSelector": {"app": "api"}, "port": 8080.0}]

    def program() -> None:
        listed = pulumi.Output.from_input(destinations)
        package.Package().construct(
            "shop", "culvert:index:NetworkPolicy", {"namespace": "blog", "destinations": listed}
        )

    (rule,) = deploy(program).one("NetworkPolicy").inputs["spec"]["egress"][-1:]
    assert rule["to"][0]["podSelector"] == {"matchLabels": {"app": "api"}}


def test_a_hostnames_zone_is_looked_up_without_an_id(deploy: Deploy) -> None:
    hostnames = {"blog.example.com": "example.com"}
    recorded = deploy(
        lambda: components.Records(
            "culvert-dev", {"account_id": "0" * 32, "hostnames": hostnames, "target": "t", "comment": "c"}
        )
    )
    assert [args["filter"]["name"] for _, args in recorded.invokes] == ["example.com"]
    assert recorded.one("DnsRecord").inputs["zoneId"] == ZONE_ID
