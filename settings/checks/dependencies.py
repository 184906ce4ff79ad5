"""Checks of keys that depend on another key: network policy, monitoring, load balancer, private networks."""

from collections.abc import Iterator
from typing import Any

from settings import references
from settings.checks.partial import PartialSettings
from settings.derived.external_names import WITHOUT_NAMES, unsupported_name
from settings.errors import MISSING, PREFIX, SettingIssue
from settings.options.network_policy import DEFAULT_ENGINE, DEFAULT_PRESET


def dns_origin_unsupported(partial: PartialSettings) -> Iterator[SettingIssue]:
    """Origins by a DNS name outside the cluster under `strict`, where the policy's engine does not support names.

    A name that may be a Service's is left to the look-up of Services.
    """
    policy = partial.group("networkPolicy")
    engine, preset = policy.get("engine", DEFAULT_ENGINE), policy.get("preset", DEFAULT_PRESET)
    aliases = _host_aliases(partial)
    for number, route in partial.routes:
        origin = route.origin.in_domain(partial.cluster_domain)
        if origin.external and not origin.candidate and origin.host not in aliases:
            issue = unsupported_name(number, route, engine, preset)
            yield from [issue] if issue else []


def _host_aliases(partial: PartialSettings) -> set[Any]:
    """Names of which the connector's pods have the addresses."""
    names = (alias.get("hostnames") for _, alias in partial.items("connector", "hostAliases"))
    return {name for listed in names if isinstance(listed, (list, tuple)) for name in listed if isinstance(name, str)}


def dns_name_unsupported(partial: PartialSettings) -> Iterator[SettingIssue]:
    """Allowed destinations by a DNS name, where the policy's engine does not support names."""
    engine = partial.group("networkPolicy").get("engine", DEFAULT_ENGINE)
    if not isinstance(engine, str) or engine not in WITHOUT_NAMES:
        return
    reason, source = WITHOUT_NAMES[engine]
    for number, peer in partial.items("networkPolicy", "allow"):
        if peer.get("name"):
            key, problem = f"{PREFIX}networkPolicy.allow[{number}].name", f"is not supported: {reason}"
            yield SettingIssue.of(key, peer["name"], problem, "cidr or namespace, or {engine: cilium}", source)


def entity_unsupported(partial: PartialSettings) -> Iterator[SettingIssue]:
    """Allowed entities, which only Cilium knows."""
    if partial.group("networkPolicy").get("engine") == "cilium":
        return
    for number, peer in partial.items("networkPolicy", "allow"):
        if peer.get("entity"):
            key, problem = f"{PREFIX}networkPolicy.allow[{number}].entity", "is not supported: only Cilium has entities"
            accepted = "cidr with the addresses of the nodes, or {engine: cilium}"
            yield SettingIssue.of(key, peer["entity"], problem, accepted, references.CILIUM_ENTITIES)


def monitor_without_ingress(partial: PartialSettings) -> Iterator[SettingIssue]:
    """A monitor, but the network policy admits no scraper: only metricsFrom allows ingress, so that one key decides."""
    monitoring = {} if partial.get("monitoring") is True else partial.get("monitoring")
    if not isinstance(monitoring, dict) or monitoring.get("monitor", "pod") not in ("pod", "service"):
        return
    if partial.get("networkPolicy") and not partial.group("networkPolicy"):
        return  # Not an object, and reported as that.
    if partial.group("networkPolicy").get("metricsFrom") is None:
        problem = "with monitoring Prometheus scrapes the connectors, and the network policy denies all ingress"
        accepted = "the namespace that Prometheus runs in, or monitoring: {monitor: none}"
        key = f"{PREFIX}networkPolicy.metricsFrom"
        yield SettingIssue.of(key, MISSING, problem, accepted, references.KUBERNETES_POLICIES)


def load_balancer_without_route(partial: PartialSettings) -> Iterator[SettingIssue]:
    """A load balancer that would send visitors to a tunnel without a rule for the hostname."""
    hostname = partial.group("loadBalancer").get("hostname")
    known = sorted({route.hostname for _, route in partial.routes if route.dns == "record"})
    if not isinstance(hostname, str) or hostname.startswith("*") or not partial.routes:
        return
    if hostname.lower() not in known:
        problem = "has no route with a record in this stack, so the stack's own tunnel would answer 404"
        accepted = " or ".join(known) or "the hostname of a route with dns: record"
        key = f"{PREFIX}loadBalancer.hostname"
        yield SettingIssue.of(key, hostname, problem, accepted, references.CLOUDFLARE_BALANCERS)


def udp_over_http2(partial: PartialSettings) -> Iterator[SettingIssue]:
    """Private routes for UDP with a connector that uses HTTP/2, which does not carry it."""
    if partial.group("connector").get("protocol") != "http2":
        return
    for number, route in partial.items("privateNetworks", "routes"):
        if route.get("protocol") == "UDP":
            key = f"{PREFIX}privateNetworks.routes[{number}].protocol"
            problem = "is not carried over HTTP/2, which is the connector's protocol"
            accepted = "TCP, or connector: {protocol: quic}"
            yield SettingIssue.of(key, "UDP", problem, accepted, references.CLOUDFLARE_ROUTES)
