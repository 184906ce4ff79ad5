"""Services of the cluster that routes name, read before the first resource is registered.

What was read is an output of the stack, so that a later run knows it where a Service is away for a moment.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pulumi

from components.exposure.kubernetes_provider import kubernetes_api, provider_inputs
from settings import NOT_FOUND, KubernetesService, Readings, Settings, remembered_services

if TYPE_CHECKING:
    from clients.kubernetes import KubernetesApi


def resolve(
    settings: Settings, namespace: str, opts: pulumi.ResourceOptions | None, outputs: Mapping[str, Any]
) -> Settings:
    """The settings with what the cluster says about the Services that routes name.

    Each Service is read once, by the kubeconfig and context of the Kubernetes provider that `opts` lead to; what
    remains unknown is a warning. `outputs` are those of the stack's last run. Raises SettingsError where a route cannot
    use its Service.
    """
    wanted = settings.services_to_read(namespace)
    if not wanted:
        return settings
    settings, warnings = settings.with_services(namespace, _read(wanted, opts), remembered_services(outputs))
    for warning in warnings:
        pulumi.log.warn(warning)
    return settings


def _read(wanted: Mapping[str, tuple[str, str]], opts: pulumi.ResourceOptions | None) -> Readings:
    # Imported here, since a stack without such a route reads nothing.
    from clients.errors import ApiUnreachable, CheckUnavailable

    readings: dict[str, KubernetesService | str] = {}
    try:
        api = kubernetes_api(provider_inputs(opts))
        for key, (namespace, name) in wanted.items():
            try:
                readings[key] = read_service(api, namespace, name)
            except ApiUnreachable:
                raise
            except CheckUnavailable as error:
                readings[key] = f"cannot be read ({error.reason})"
    except CheckUnavailable as error:
        # Asking for the others would only take as long again.
        return dict.fromkeys(wanted, f"cannot be read ({error.reason})") | readings
    return readings


def read_service(api: "KubernetesApi", namespace: str, name: str) -> KubernetesService | str:
    """A Service with its EndpointSlices where these matter; NOT_FOUND if it does not exist. Raises CheckUnavailable."""
    found = api.find(f"/api/v1/namespaces/{namespace}/services/{name}")
    if found is None:
        return NOT_FOUND
    try:
        service = KubernetesService.of(found)
        if not service.needs_slices:
            return service
        path = f"/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices"
        return KubernetesService.of(found, api.items(path, {"kubernetes.io/service-name": name}))
    except (AttributeError, KeyError, TypeError, ValueError):
        return "cannot be read (the answer is not a Service with EndpointSlices)"
