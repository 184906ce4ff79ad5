"""The Kubernetes provider of a component: its inputs, and why they may not be known."""

from types import SimpleNamespace
from typing import Any

import pulumi
import pytest

from clients.errors import ApiUnreachable
from components.exposure.kubernetes_provider import kubernetes_api, provider_inputs

PROVIDER: Any = SimpleNamespace(package="kubernetes", urn="urn")
OTHER: Any = SimpleNamespace(package="cloudflare", urn="another")
UNKNOWN = "the provider's kubeconfig is not known yet"


def options(providers: Any) -> Any:
    return SimpleNamespace(providers=providers, provider=None, parent=None)


def answered(monkeypatch: pytest.MonkeyPatch, value: Any, known: bool = True) -> None:
    """The engine's answer to the question for the provider, or its error."""

    def invoke(function: str, args: Any) -> Any:
        assert (function, args) == ("pulumi:pulumi:getResource", {"urn": "urn"})
        if isinstance(value, Exception):
            raise value
        return SimpleNamespace(value=value, is_known=known)

    monkeypatch.setattr(pulumi.runtime, "invoke", invoke)


@pytest.mark.parametrize("providers", [[OTHER, PROVIDER], {"cloudflare": OTHER, "kubernetes": PROVIDER}])
def test_the_inputs_are_those_of_the_explicit_provider(monkeypatch: pytest.MonkeyPatch, providers: Any) -> None:
    answered(monkeypatch, {"state": {"kubeconfig": "own"}})
    assert provider_inputs(options(providers)) == {"kubeconfig": "own"}


def test_without_one_they_are_the_stacks_configuration() -> None:
    pulumi.runtime.set_all_config({"kubernetes:kubeconfig": "configured", "kubernetes:context": "here"})
    try:
        expected = {"kubeconfig": "configured", "context": "here", "cluster": None, "enablePatchForce": None}
        assert provider_inputs(options([OTHER])) == provider_inputs(None) == expected
    finally:
        pulumi.runtime.set_all_config({})


@pytest.mark.parametrize(
    ("value", "known", "reason"),
    [
        ({"state": {"kubeconfig": "own"}}, False, UNKNOWN),
        ({"state": {"kubeconfig": object.__new__(pulumi.Output)}}, True, UNKNOWN),
        (ValueError("no such resource"), True, "the engine does not return the Kubernetes provider: no such resource"),
    ],
)
def test_inputs_may_not_be_known(monkeypatch: pytest.MonkeyPatch, value: Any, known: bool, reason: str) -> None:
    answered(monkeypatch, value, known)
    with pytest.raises(ApiUnreachable) as caught:
        provider_inputs(options([PROVIDER]))
    assert caught.value.reason == reason


def test_a_cluster_beside_the_context_is_not_supported() -> None:
    with pytest.raises(ApiUnreachable) as caught:
        kubernetes_api({"cluster": "here"})
    assert caught.value.reason == "the provider's option cluster, beside a context, is not supported here"
