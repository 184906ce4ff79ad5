"""The arguments of each component of an exposure: settings, and outputs of earlier components, in the component's
terms.

Pure functions, one per component. Those of an optional component return None where the settings do not ask for it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
from pydantic import BaseModel

from components.access import AccessApplicationArgs, AccessArgs
from components.connector.args import ConnectorArgs, TokenDeliveryArgs, VolumeArgs
from components.load_balancer import LoadBalancerArgs
from components.monitoring.monitoring import MonitoringArgs
from components.namespace import NamespaceArgs
from components.naming import pod_labels
from components.network_policy.network_policy import NetworkPolicyArgs
from components.network_policy.peers import DestinationArgs, ResolverArgs
from components.notification import NotificationArgs
from components.private_networks import PrivateNetworksArgs
from components.records import RecordsArgs
from components.sample_site import SampleSiteArgs
from components.tunnel import TunnelArgs
from components.waf.waf import WafRuleArgs, WafRulesArgs
from settings import (
    AccessApplication,
    AddressDestination,
    Destination,
    EntityDestination,
    NetworkDestination,
    PodDestination,
    Settings,
    TokenOptions,
)


def waf_rules(settings: Settings, before_delete: Sequence[pulumi.ResourceHook]) -> WafRulesArgs | None:
    rules: list[WafRuleArgs] = settings.waf_rules()
    if not rules:
        return None
    return {
        "account_id": settings.account_id,
        "zones": settings.zones,
        "rules": rules,
        "adopt": [*settings.waf.adopt],
        "before_delete": [*before_delete],
    }


def namespace(settings: Settings, name: str) -> NamespaceArgs:
    options = settings.namespace
    if options is None:
        return {"name": name}
    return {"name": options.name, "create": options.create, "labels": {**options.labels}}


def sample_site(settings: Settings, namespace: pulumi.Input[str]) -> SampleSiteArgs | None:
    site = settings.sample_site
    return {"namespace": namespace, "service": site.name, "image": site.image} if site else None


def network_policy(settings: Settings, name: str, namespace: pulumi.Input[str]) -> NetworkPolicyArgs:
    options = settings.network_policy
    resolvers: list[ResolverArgs] = [
        {"port": server.port, "cidr": server.cidr}
        if server.cidr
        else {**_pods(str(server.namespace), server.pods), "port": server.port}
        for server in options.dns
    ]
    return {
        "namespace": namespace,
        "pod_labels": pod_labels(name),
        "destinations": [_destination(each) for each in settings.destinations(settings.namespace_name(name))],
        "preset": options.preset,
        "metrics_from": options.metrics_from,
        "region": settings.connector.region,
        "engine": options.engine,
        "resolvers": resolvers,
    }


def _destination(destination: Destination) -> DestinationArgs:
    match destination:
        case PodDestination(namespace, pod_selector, port, protocol):
            pods: DestinationArgs = {**_pods(namespace, pod_selector), "protocol": protocol}
            return {**pods, "port": port} if isinstance(port, int) else {**pods, "port_name": port}
        case AddressDestination(cidr, port, protocol):
            return {"cidr": cidr, "port": port, "protocol": protocol}
        case NetworkDestination(cidr, every_port):
            return {"cidr": cidr, "every_port": every_port}
        case EntityDestination(entity, port, protocol):
            return {"entity": entity, "port": port, "protocol": protocol}
        case _:
            return {"name": destination.name, "port": destination.port, "protocol": destination.protocol}


def _pods(namespace: str, selector: Mapping[str, str]) -> ResolverArgs:
    """Pods of a namespace; without labels, as in a stack file or a Service, every pod."""
    return (
        {"namespace": namespace, "pod_selector": {**selector}}
        if selector
        else {"namespace": namespace, "every_pod": True}
    )


def access(settings: Settings) -> AccessArgs | None:
    applications = {each.name: _access_application(each) for each in settings.access_applications()}
    return {"account_id": settings.account_id, "applications": applications} if applications else None


def _access_application(application: AccessApplication) -> AccessApplicationArgs:
    domains, options = [*application.domains], application.access
    if options is None:
        return {"domains": domains, "public": True}
    return {
        "domains": domains,
        "emails": [*options.allow.emails],
        "email_domains": [*options.allow.email_domains],
        "groups": [*options.allow.groups],
        "identity_providers": [*options.allow.identity_providers],
        "countries": [*options.countries],
        "service_tokens": [*options.service_tokens],
        "session_duration": options.session_duration,
    }


def tunnel(
    settings: Settings,
    name: str,
    audiences: Mapping[str, pulumi.Output[str]],
    *,
    adopt: str | None,
    depends_on: Sequence[pulumi.Resource],
    before_update: Sequence[pulumi.ResourceHook],
) -> TunnelArgs:
    """`audiences` are those of the Access applications, by application; `adopt` is `<account id>/<tunnel id>`."""
    rules: list[Any] = settings.ingress_rules(settings.namespace_name(name), audiences)
    return {
        "account_id": settings.account_id,
        "ingress_rules": rules,
        "protect": settings.tunnel.protect,
        "token_epoch": settings.token.epoch,
        "depends_on": [*depends_on],
        "before_update": [*before_update],
        "adopt": adopt,
    }


def connector(
    settings: Settings,
    namespace: pulumi.Input[str],
    token: pulumi.Input[str],
    *,
    depends_on: Sequence[pulumi.Resource],
    replace_with: Sequence[pulumi.Resource],
) -> ConnectorArgs:
    options = settings.connector
    volumes: list[VolumeArgs] = [{"volume": each["volume"], "mount": each["mount"]} for each in settings.volumes()]
    return {
        "namespace": namespace,
        "token": token,
        "token_delivery": _token_delivery(settings.token),
        "replicas": options.initial_replicas,
        "external_replicas": options.replicas is None,
        "image": options.image.reference,
        "min_ready_seconds": options.min_ready_seconds,
        "grace_period_seconds": options.grace_period_seconds,
        "resources": options.resources,
        "protocol": options.protocol,
        "post_quantum": options.post_quantum,
        "edge_ip_version": options.edge_ip_version,
        "region": options.region,
        "log_level": options.log_level,
        "log_format": options.log_format,
        "pod_labels": {**options.pod_labels},
        "pod_annotations": {**options.pod_annotations},
        "image_pull_secrets": [*options.image_pull_secrets],
        "extra_env": options.extra_env,
        "extra_volumes": volumes,
        "fixed_user": options.pod_security == "restricted",
        "ping": settings.private_networks is not None and settings.private_networks.ping,
        "dns_config": _plain(options.dns_config),
        "host_aliases": [_plain(alias) for alias in options.host_aliases],
        "scheduling": _plain(options.scheduling),
        "depends_on": [*depends_on],
        "replace_with": [*replace_with],
    }


def _plain(options: BaseModel) -> dict[str, Any]:
    """A group of settings in Kubernetes' own spelling, without what is left at its default."""
    return options.model_dump(mode="json", by_alias=True, exclude_defaults=True)


def _token_delivery(token: TokenOptions) -> TokenDeliveryArgs:
    if token.certificate:
        return {"certificate": token.certificate}
    if secret := token.secret:
        return {"secret": {"name": secret.name, "key": secret.key}}
    if store := token.store:
        return {"store": {"name": store.name, "kind": store.kind, "property": store.property}}
    return {}


def records(
    settings: Settings,
    target: pulumi.Input[str],
    *,
    zone_ids: Mapping[str, str],
    adopt: Mapping[str, str],
    depends_on: Sequence[pulumi.Resource],
) -> RecordsArgs:
    """`zone_ids` are those looked up already, by zone; `adopt` has `<zone id>/<record id>` by hostname."""
    return {
        "account_id": settings.account_id,
        "zones": {**settings.zones, **zone_ids},
        "hostnames": settings.hostnames(),
        "target": target,
        "adopt": {**adopt},
        "depends_on": [*depends_on],
    }


def load_balancer(
    settings: Settings, tunnel_id: pulumi.Input[str], *, depends_on: Sequence[pulumi.Resource]
) -> LoadBalancerArgs | None:
    options = settings.load_balancer
    if options is None:
        return None
    return {
        "account_id": settings.account_id,
        "zone": settings.zone_of(options.hostname),
        "zones": settings.zones,
        "hostname": options.hostname,
        "tunnel_id": tunnel_id,
        "pools": [{"name": pool.name, "tunnels": [*pool.tunnels]} for pool in options.pools],
        "steering": options.steering,
        "health_path": options.health.path,
        "health_interval": options.health.interval,
        "depends_on": [*depends_on],
    }


def monitoring(settings: Settings, namespace: pulumi.Input[str]) -> MonitoringArgs | None:
    options = settings.monitoring
    if options is None:
        return None
    alerts, dashboard = options.alerts, options.dashboard
    return {
        "namespace": namespace,
        "replicas": settings.connector.initial_replicas,
        "external_replicas": settings.connector.replicas is None,
        "monitor": options.monitor,
        "labels": {**options.labels},
        "alerts": {
            "down_severity": alerts.down_severity,
            "severity": alerts.severity,
            "error_percent": alerts.error_percent,
            "runbook_url": alerts.runbook_url,
        }
        if alerts
        else None,
        "dashboard": {"labels": {**dashboard.labels}} if dashboard else None,
    }


def notification(
    settings: Settings, tunnel_id: pulumi.Input[str], *, depends_on: Sequence[pulumi.Resource]
) -> NotificationArgs | None:
    options = settings.notify
    if options is None:
        return None
    return {
        "account_id": settings.account_id,
        "tunnel_id": tunnel_id,
        "email": [*options.email],
        "webhook": [*options.webhook],
        "pagerduty": [*options.pagerduty],
        "when": [*options.when],
        "depends_on": [*depends_on],
    }


def private_networks(
    settings: Settings,
    tunnel_id: pulumi.Input[str],
    *,
    depends_on: Sequence[pulumi.Resource],
    replace_with: Sequence[pulumi.Resource],
) -> PrivateNetworksArgs | None:
    options = settings.private_networks
    if options is None:
        return None
    network = options.virtual_network
    return {
        "account_id": settings.account_id,
        "tunnel_id": tunnel_id,
        "routes": [
            {"hostname": route.hostname, "comment": route.comment}
            if route.hostname
            else {"network": route.network, "comment": route.comment}
            for route in options.routes
        ],
        "virtual_network_name": network.name if network else None,
        "virtual_network_id": network.id if network else None,
        "depends_on": [*depends_on],
        "replace_with": [*replace_with],
    }
