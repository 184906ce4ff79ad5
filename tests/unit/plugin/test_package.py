"""Inputs of the small components from another language."""

from typing import Any

import pytest
from pulumi.errors import InputPropertiesError

from plugin.package import Package

POLICY = "culvert:index:NetworkPolicy"


@pytest.fixture(scope="module")
def package() -> Package:
    return Package()


def rejected(package: Package, component: str, inputs: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(InputPropertiesError, match="not created") as error:
        package.construct("shop", component, inputs)
    return {each["property_path"]: each["reason"] for each in error.value.errors or []}


def test_a_mistyped_nested_input_is_an_error_in_the_callers_spelling(package: Package) -> None:
    destination = {"namespace": "shop", "podselector": {"app": "api"}, "port": 8080.0}
    found = rejected(package, POLICY, {"namespace": "blog", "destinations": [destination]})
    assert list(found) == ["destinations[0].podselector"]
    assert found["destinations[0].podselector"].startswith(
        "is an unknown argument (did you mean podSelector?); accepted"
    )
    assert "pod_selector" not in str(found)


def test_a_namespace_without_pods_is_an_error(package: Package) -> None:
    found = rejected(package, POLICY, {"namespace": "blog", "destinations": [{"namespace": "shop", "port": 8080.0}]})
    assert found == {"destinations[0]": "must have exactly one of podSelector and everyPod, but has none of them"}


def test_wrong_shapes_and_missing_inputs_are_errors_together(package: Package) -> None:
    found = rejected(package, "culvert:index:Tunnel", {"ingressRules": {"service": "http://blog"}, "protect": "yes"})
    assert found == {
        "ingressRules": "must be a list",
        "protect": "must be true or false",
        "accountId": "is missing",
    }
    rule = {"service": "http://blog", "originRequest": {"noTLSVerify": True, "acess": {"teamName": "team"}}}
    found = rejected(package, "culvert:index:Tunnel", {"accountId": "0", "ingressRules": [rule, "blog"]})
    assert list(found) == [
        "ingressRules[0].originRequest.noTLSVerify",
        "ingressRules[0].originRequest.acess",
        "ingressRules[1]",
    ]
    assert "did you mean noTlsVerify?" in found["ingressRules[0].originRequest.noTLSVerify"]
