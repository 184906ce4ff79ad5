"""From a Kubernetes Service to a public hostname: settings, components, exports."""

import os
from dataclasses import asdict
from typing import Any

import pulumi

from components import (
    Access,
    Connector,
    LoadBalancer,
    Monitoring,
    Namespace,
    NetworkPolicy,
    Notification,
    PrivateNetworks,
    Records,
    SampleSite,
    Tunnel,
    WafRules,
    pod_labels,
)
from components.exposure.hooks import drop_connections, take_back
from components.exposure.lookups import existing
from settings import NamespaceOptions, Settings, base_name

if "PULUMI_OPTION_DEBUG" not in os.environ:
    # The SDK tells the engine of each resource four times, and waits each time: a tenth of a run. Whether `--debug` asks for
    # it cannot be seen from here, except where it is given by this variable (Pulumi 3.208 and later).
    pulumi.log.debug = lambda *_, **__: None
settings = Settings.load()
project, stack = pulumi.get_project(), pulumi.get_stack()
name = base_name(project, stack)
place = settings.namespace or NamespaceOptions(name=name)
options = settings.connector
found = existing(settings.account_id, settings.zones, settings.hostnames(), settings.tunnel.adopt)
adopted_tunnel, adopted_records = settings.adopted(found, f"{project}/{stack}")

# The hook is registered with every run: what an earlier one made may need it.
before_delete, guards = [take_back(name)], []
if rules := settings.waf_rules():
    # Ahead of everything else: it refuses what somebody else keeps before anything is made.
    guards = WafRules(
        name,
        {
            "account_id": settings.account_id,
            "zones": settings.zones,
            "rules": rules,
            "adopt": list(settings.waf.adopt),
            "before_delete": before_delete,
        },
    ).rulesets
namespace = Namespace(name, {"name": place.name, "create": place.create, "labels": {**place.labels}})
if site := settings.sample_site:
    SampleSite(name, {"namespace": namespace.name, "service": site.name, "image": site.image})
volumes: list[Any] = settings.volumes()
destinations: list[Any] = [asdict(destination) for destination in settings.destinations(place.name)]
resolvers: list[Any] = settings.resolvers()
policy = NetworkPolicy(
    name,
    {
        "namespace": namespace.name,
        "pod_labels": pod_labels(name),
        "destinations": destinations,
        "preset": settings.network_policy.preset,
        "metrics_from": settings.network_policy.metrics_from,
        "region": options.region,
        "engine": settings.network_policy.engine,
        "resolvers": resolvers,
    },
)
doors: Any = {guard.name: guard.parts() for guard in settings.access_applications()}
access = Access(name, {"account_id": settings.account_id, "applications": doors}) if doors else None
tunnel = Tunnel(
    name,
    {
        "account_id": settings.account_id,
        "ingress_rules": settings.ingress_rules(place.name, access and access.audience_of),
        "protect": settings.tunnel.protect,
        "token_epoch": settings.token.epoch,
        "adopt": adopted_tunnel,
    },
    pulumi.ResourceOptions(transformations=[drop_connections]),
)
delivery: Any = settings.token.model_dump(include={"certificate", "secret", "store"}, exclude_none=True)
connector = Connector(
    name,
    {
        "namespace": namespace.name,
        "token": tunnel.token,
        "token_delivery": delivery,
        "replicas": options.replicas,
        "image": options.image.reference,
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
        "scheduling": options.scheduling.model_dump(mode="json", by_alias=True, exclude_defaults=True),
        "after": [policy, tunnel.rules],
        "replaced_with": [tunnel.tunnel],
    },
)
records = Records(
    name,
    {
        "account_id": settings.account_id,
        "zones": {**settings.zones, **found.zone_ids},
        "hostnames": settings.hostnames(),
        "target": tunnel.target,
        "comment": f"{project}/{stack}",
        "adopt": adopted_records,
        "after": [connector.workload, *guards, *([access] if access else [])],
    },
)
if balancer := settings.load_balancer:
    LoadBalancer(
        name,
        {
            "account_id": settings.account_id,
            "zone": settings.zone_of(balancer.hostname),
            "zones": settings.zones,
            "hostname": balancer.hostname,
            "tunnel_id": tunnel.tunnel_id,
            "pools": [{"name": pool.name, "tunnels": [*pool.tunnels]} for pool in balancer.pools],
            "steering": balancer.steering,
            "health_path": balancer.health.path,
            "health_interval": balancer.health.interval,
            "after": [connector.workload, *guards, *([access] if access else [])],
        },
    )
if settings.monitoring:
    watched: Any = {"namespace": namespace.name, "replicas": options.replicas, **settings.monitoring.model_dump()}
    Monitoring(name, watched)
if settings.notify:
    told: Any = {"account_id": settings.account_id, "tunnel_id": tunnel.tunnel_id, "after": [connector.workload]}
    Notification(name, told | settings.notify.model_dump(mode="json"))

private = None
if wanted := settings.private_networks:
    chosen = wanted.virtual_network
    private = PrivateNetworks(
        name,
        {
            "account_id": settings.account_id,
            "tunnel_id": tunnel.tunnel_id,
            "routes": [{"network": route.network, "comment": route.comment} for route in wanted.routes],
            "virtual_network_name": chosen and chosen.name,
            "virtual_network_id": chosen and chosen.id,
            "comment": f"{project}/{stack}",
            "after": [connector.workload],
            "replaced_with": [tunnel.tunnel],
        },
    )

pulumi.export("publicHostname", settings.public_hostname)
pulumi.export("urls", settings.urls())
pulumi.export("tunnelId", tunnel.tunnel_id)
pulumi.export("tunnelName", tunnel.tunnel_name)
pulumi.export("tunnelTarget", tunnel.target)
pulumi.export("records", records.ids)
pulumi.export("configVersion", tunnel.config_version)
pulumi.export("namespace", namespace.name)
if for_owners := settings.waf_rules_for_owners(name):
    pulumi.export("wafRules", for_owners)
pulumi.export("connector", connector.deployment)
if private:
    pulumi.export("virtualNetworkId", private.virtual_network_id)
if access and access.tokens:
    pulumi.export("serviceTokens", access.service_tokens)
