"""Services of the input as the backends of routes: port and selector of the pods, through the function by which the
program and `verify` read Services too."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from pydantic_core import PydanticCustomError

from ops.migrate.existing_setup import ExistingSetup, IngressRule, SkippedItem, Values
from ops.migrate.input_object import InputObject, Option
from ops.migrate.kubernetes_objects import key_of
from settings import KubernetesService, PodDestination, UnusableService
from settings.options.services import IN_CLUSTER, ServiceUrl, parse


def services_of(services: Iterable[InputObject], slices: Iterable[InputObject]) -> dict[str, KubernetesService]:
    """The Services of the input by `namespace/name`, with their EndpointSlices.

    Not those of another shape than the API server accepts, which are as if they were not there.
    """
    of_service: dict[tuple[str, Any], list[Any]] = {}
    for one in slices:
        name = one.object("metadata").object("labels").get("kubernetes.io/service-name")
        of_service.setdefault((key_of(one)[0], name), []).append(one.values)
    found: dict[str, KubernetesService] = {}
    for one in services:
        namespace, name = key_of(one)
        with suppress(AttributeError, KeyError, TypeError, ValueError):
            service = KubernetesService.of(one.values, of_service.get((namespace, name), ()))
            if _is_accepted(service):
                found[f"{namespace}/{name}"] = service
    return found


def _is_accepted(service: KubernetesService) -> bool:
    """Whether the API server accepts what destinations follow from."""
    selector, external = service.spec.get("selector", {}), service.spec.get("externalName", "")
    return (
        isinstance(selector, Mapping)
        and isinstance(external, str)
        and all(isinstance(each, str) for each in selector.values())
        and all(isinstance(each.get("port"), int) for each in service.spec["ports"])
        and all(isinstance(each.get("targetPort", 0), (int, str)) for each in service.spec["ports"])
    )


def origin_of(rule: IngressRule, service: str, setup: ExistingSetup) -> Values:
    """`backend` of the rule's route where the input has its Service, else `service`."""
    text = service.rstrip("/")
    try:
        url = _in_its_domain(rule, parse(text), setup)
    except PydanticCustomError:
        return {"service": text}  # which is rejected with the settings
    namespace = url.namespace or rule.namespace
    if not url.service or not namespace:
        return {"service": text}
    known = setup.services.get(f"{namespace}/{url.service}")
    pods = _pods(rule, known, url.port, setup) if known else None
    if pods is None:
        # A bare name would be a Service of the stack's namespace.
        return {"service": url.text if url.namespace else f"{url.scheme}://{url.service}.{namespace}.svc:{url.port}"}
    backend = {"service": url.service, "namespace": namespace, "port": url.port, "scheme": url.scheme}
    # A port by name is read from the Service when the stack is created.
    if isinstance(pods.port, int):
        backend["targetPort"] = pods.port
    if pods.pod_selector:
        backend["podSelector"] = pods.pod_selector
    return {"backend": backend}


def _in_its_domain(rule: IngressRule, url: ServiceUrl, setup: ExistingSetup) -> ServiceUrl:
    """The URL, where a name such as `api.shop.svc.k8s.lan` is a Service of a cluster with that DNS domain: as pods have
    it, or where the input has the Service. The stack then has the domain too."""
    match = IN_CLUSTER.fullmatch(url.host)
    if not match or url.service or not match["domain"]:
        return url
    if not rule.namespace and f"{match['namespace']}/{match['service']}" not in setup.services:
        return url
    domain = next((each.value for each in setup.settings if each.key == "clusterDomain"), None)
    if domain is None:
        setup.settings.append(Option("clusterDomain", match["domain"], rule.place))
    elif domain != match["domain"]:
        return url  # of another cluster
    return parse(f"{url.scheme}://{match['service']}.{match['namespace']}.svc:{url.port}")


def _pods(
    rule: IngressRule, service: KubernetesService, port: int | None, setup: ExistingSetup
) -> PodDestination | None:
    """The pods behind a port of a Service in the input; None where there are none to name."""
    try:
        found = service.destinations(port or 0)
    except UnusableService as error:
        title = f"{rule.name}, Service {service.key}"
        setup.skipped.append(SkippedItem(title, error.problem, f"declare {error.accepted}", rule.place))
        return None
    return next((each for each in found if isinstance(each, PodDestination)), None)
