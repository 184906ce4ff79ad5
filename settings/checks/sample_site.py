"""Checks of routes to the sample site: its Service and pods are the stack's own, so what they serve is known."""

from collections.abc import Iterator
from typing import Any

from settings import references
from settings.checks.partial import Numbered, PartialSettings
from settings.errors import PREFIX, SettingIssue
from settings.options import shorthand
from settings.options.sample_site import SAMPLE_SITE_NAME, SAMPLE_SITE_PORT, SAMPLE_SITE_TARGET_PORT
from settings.options.services import ServiceUrl

_NAME_LABEL = "app.kubernetes.io/name"
_TLS = ("https", "wss")


def unserved_by_sample_site(partial: PartialSettings) -> Iterator[SettingIssue]:
    """Routes to another port, protocol or pods of the sample site's Service than it has."""
    site = partial.get("sampleSite")
    if site is not True and not isinstance(site, dict):
        return
    name = SAMPLE_SITE_NAME if site is True else site.get("name", SAMPLE_SITE_NAME)
    namespace = shorthand.namespace(partial.get("namespace"))
    own = ["", namespace.get("name") if isinstance(namespace, dict) else None]
    for number, route in partial.routes:
        origin = route.origin.in_domain(partial.cluster_domain)
        if origin.service == name and origin.namespace in own:
            yield from _issues((number, route), origin, name)


def _issues(numbered: Numbered, origin: ServiceUrl, name: str) -> Iterator[SettingIssue]:
    number, route = numbered
    key, backend = f"{PREFIX}routes[{number}]", route.backend
    other = "a Service of another name (sampleSite.name is the sample site's)"

    def issue(part: str, value: Any, problem: str, accepted: str) -> SettingIssue:
        accepted = f"{accepted}, or {other}"
        return SettingIssue.of(f"{key}.{part}", value, problem, accepted, references.KUBERNETES_SERVICES)

    served = f"the sample site's Service {name} serves HTTP without TLS on port {SAMPLE_SITE_PORT} alone"
    if backend is None:
        if origin.port != SAMPLE_SITE_PORT or origin.scheme in _TLS:
            yield issue("service", route.service, f"is not served: {served}", f"http://{name}")
        return
    if backend.port != SAMPLE_SITE_PORT:
        yield issue("backend.port", backend.port, f"is not served: {served}", str(SAMPLE_SITE_PORT))
    if backend.scheme in _TLS:
        yield issue("backend.scheme", backend.scheme, f"is not served: {served}", "http")
    if backend.target_port not in (None, SAMPLE_SITE_TARGET_PORT):
        problem = f"is not the port of the sample site's pods, which listen on {SAMPLE_SITE_TARGET_PORT}"
        yield issue("backend.targetPort", backend.target_port, problem, f"{SAMPLE_SITE_TARGET_PORT} or none")
    selector = backend.pod_selector or {}
    if selector.get(_NAME_LABEL, name) != name or not all(label.startswith("app.kubernetes.io/") for label in selector):
        problem, accepted = "does not select the sample site's pods", f"{{{_NAME_LABEL}: {name}}} or none"
        yield issue("backend.podSelector", selector, problem, accepted)
