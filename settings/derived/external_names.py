"""DNS names outside the cluster: which policy engines can allow them."""

from typing import Any

from settings import references
from settings.errors import PREFIX, SettingIssue
from settings.options.routes import Route

_CALICO = "Calico's policies support pods and addresses, DNS names only in its paid editions"
WITHOUT_NAMES = {
    "kubernetes": ("Kubernetes' policies support pods and addresses", references.KUBERNETES_POLICIES),
    "calico": (_CALICO, references.CALICO_POLICIES),
    "calico-crd": (_CALICO, references.CALICO_POLICIES),
}
"""Engines without DNS names, each with the reason and its source."""


def unsupported_name(number: int, route: Route, engine: Any, preset: Any) -> SettingIssue | None:
    """The issue of a route to a DNS name outside the cluster; None where the network policy can allow it."""
    if not isinstance(engine, str) or engine not in WITHOUT_NAMES or preset != "strict":
        return None
    reason, source = WITHOUT_NAMES[engine]
    problem = f"has a DNS name outside the cluster, which a strict network policy cannot allow: {reason}"
    accepted = "service.namespace.svc, an IP address, or networkPolicy: {preset: guide} or {engine: cilium}"
    return SettingIssue.of(f"{PREFIX}routes[{number}].service", route.service, problem, accepted, source)
