"""The Kubernetes provider that a component's resources get, for calls that no resource makes."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pulumi

if TYPE_CHECKING:
    from clients.kubernetes import KubernetesApi

INPUTS = ("kubeconfig", "context", "cluster", "enablePatchForce")


def provider_inputs(opts: pulumi.ResourceOptions | None) -> Mapping[str, Any]:
    """The inputs of the provider that `opts` of a component lead to, before it is registered: of the provider resource,
    else the stack's configuration of the default provider. Raises ApiUnreachable where they are not known yet."""
    # Imported here, since most runs make no such call.
    from clients.errors import ApiUnreachable

    provider = next(_providers(opts), None)
    if provider is None:
        config = pulumi.Config("kubernetes")
        return {key: config.get(key) for key in INPUTS}
    try:
        # As the SDK reads a resource by its URN: the provider's own object does not have its inputs in every language.
        answer = pulumi.runtime.invoke("pulumi:pulumi:getResource", {"urn": provider.urn})
    except Exception as error:  # the SDK raises nothing narrower
        raise ApiUnreachable(f"the engine does not return the Kubernetes provider: {error}") from None
    inputs = (answer.value or {}).get("state") or {}
    if not answer.is_known or any(isinstance(value, pulumi.Output) for value in inputs.values()):
        raise ApiUnreachable("the provider's kubeconfig is not known yet")
    return inputs


def kubernetes_api(inputs: Mapping[str, Any]) -> "KubernetesApi":
    """The API server of a provider with these inputs. Raises ApiUnreachable."""
    from clients.errors import ApiUnreachable
    from clients.kubernetes import KubernetesApi

    if inputs.get("cluster"):
        raise ApiUnreachable("the provider's option cluster, beside a context, is not supported here")
    return KubernetesApi(inputs.get("kubeconfig"), inputs.get("context"))


def _providers(opts: pulumi.ResourceOptions | None) -> Iterator[pulumi.ProviderResource]:
    if opts is None:
        return
    given = opts.providers or {}
    listed = [*(given.values() if isinstance(given, Mapping) else given), opts.provider]
    yield from (each for each in listed if each and each.package == "kubernetes")
    inherited = opts.parent.get_provider("kubernetes:core/v1:Service") if opts.parent else None
    if inherited:
        yield inherited
