"""Services of the cluster that routes name, read before the first resource is registered.

What was read is an output of the stack, so that a later run knows it where a Service is away for a moment.
"""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pulumi

from clients.errors import ApiUnreachable, CheckUnavailable
from components.exposure.kubernetes_provider import kubernetes_api, provider_inputs
from settings import NOT_FOUND, KubernetesService, Readings, Settings, remembered_services

if TYPE_CHECKING:
    from clients.kubernetes import KubernetesApi


def start_reading(settings: Settings, namespace: str, opts: pulumi.ResourceOptions | None) -> Callable[[], Readings]:
    """Begins to read the Services that routes name, and returns a function that waits for them.

    Each Service is read once, by the kubeconfig and context of the Kubernetes provider that `opts` lead to. Meanwhile
    the program can ask Cloudflare.
    """
    wanted = settings.services_to_read(namespace)
    if not wanted:
        return dict
    try:
        # Here, since it asks the engine, which only this thread may do.
        inputs = provider_inputs(opts)
    except CheckUnavailable as error:
        unknown = _unreadable(wanted, error)
        return lambda: unknown
    with_one_thread = ThreadPoolExecutor(1)
    reading = with_one_thread.submit(_read, wanted, inputs)
    with_one_thread.shutdown(wait=False)
    return reading.result


def resolve(settings: Settings, namespace: str, readings: Readings, outputs: Mapping[str, Any]) -> Settings:
    """The settings with what the cluster says about the Services that routes name.

    What remains unknown is a warning. `outputs` are those of the stack's last run. Raises SettingsError where a route
    cannot use its Service.
    """
    if not readings:
        return settings
    settings, warnings = settings.with_services(namespace, readings, remembered_services(outputs))
    for warning in warnings:
        pulumi.log.warn(warning)
    return settings


def _read(wanted: Mapping[str, tuple[str, str]], inputs: Mapping[str, Any]) -> Readings:
    readings: dict[str, KubernetesService | str] = {}
    try:
        api = kubernetes_api(inputs)
        for key, (namespace, name) in wanted.items():
            try:
                readings[key] = read_service(api, namespace, name)
            except ApiUnreachable:
                raise
            except CheckUnavailable as error:
                readings[key] = f"cannot be read ({error.reason})"
    except CheckUnavailable as error:
        # Asking for the others would only take as long again.
        return _unreadable(wanted, error) | readings
    return readings


def _unreadable(wanted: Mapping[str, tuple[str, str]], error: CheckUnavailable) -> dict[str, KubernetesService | str]:
    return dict.fromkeys(wanted, f"cannot be read ({error.reason})")


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
