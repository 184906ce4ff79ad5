"""The one component of a whole exposure: every component of one tunnel, wired together."""

from collections.abc import Mapping
from typing import Any

import pulumi

from components.access import Access
from components.connector.connector import Connector
from components.exposure import arguments, cluster_services, lookups
from components.exposure.hooks import (
    await_rules,
    check_token_change,
    drop_connections,
    explain_rollout,
    release_rulesets,
)
from components.exposure.outputs import exports
from components.load_balancer import LoadBalancer
from components.monitoring.monitoring import Monitoring
from components.namespace import Namespace
from components.naming import owner
from components.network_policy.network_policy import NetworkPolicy
from components.notification import Notification
from components.private_networks import PrivateNetworks
from components.records import Records
from components.sample_site import SampleSite
from components.tunnel import Tunnel
from components.waf.waf import WafRules
from settings import Settings, check_name
from settings.program import ending_the_program


class Exposure(pulumi.ComponentResource):
    """Kubernetes Services at public hostnames: a tunnel, its connector, DNS records and everything else that belongs to
    it.

    The inputs are the keys of a stack file, without `culvert:`. They are checked before anything is created, with the
    same messages. Ingress rules are sorted, and the destinations of the network policy follow from the routes. A DNS
    record or WAF ruleset of another owner is an error before anything is created, unless the inputs adopt it.

    The resource's name is the tunnel's name, the prefix of the Deployment's, and the default namespace. It must be
    unique in the account and fit Kubernetes: lower-case letters, digits and hyphens, at most 50, not beginning with
    kube-.
    """

    public_hostname: pulumi.Output[str] | None
    """The first hostname with a record; the first of all where none has one; absent without routes."""
    urls: pulumi.Output[list[str]]
    """The addresses to open, in the order of the routes: of hostnames with a record."""
    tunnel_id: pulumi.Output[str]
    """UUID of the tunnel."""
    tunnel_name: pulumi.Output[str]
    """Name of the tunnel in the account."""
    tunnel_target: pulumi.Output[str]
    """Target of the CNAME records: `<tunnel id>.cfargotunnel.com`."""
    records: pulumi.Output[dict[str, str]]
    """Hostname → id of its record."""
    config_version: pulumi.Output[int]
    """Version of the ingress rules, raised by Cloudflare at each change; connectors report the one they run in
    `/config`."""
    namespace: pulumi.Output[str]
    """Namespace of the connector."""
    waf_rules: pulumi.Output[list[dict[str, Any]]] | None
    """WAF rules for zones that another stack owns, for the `waf.include` of that stack; absent without such rules."""
    connector: pulumi.Output[str]
    """Name of the connector's Deployment."""
    services: pulumi.Output[dict[str, Any]] | None
    """What the network policy took from the cluster's Services, by `namespace/name`: what counts while one of them
    cannot be read. Absent where no Service was read."""
    virtual_network_id: pulumi.Output[str] | None
    """UUID of the virtual network of the private networks; absent where there is none."""
    service_tokens: pulumi.Output[dict[str, dict[str, str]]] | None
    """Name of an Access service token → `{clientId, clientSecret}`; secret, and absent without service tokens."""

    def __init__(
        self, name: str, settings: Settings | Mapping[str, Any], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        with ending_the_program():
            check_name(name)
            settings = settings if isinstance(settings, Settings) else Settings.parse(settings)
            mark = owner()
            namespace = settings.namespace_name(name)
            # Registered on every run: the state may hold rulesets that refer to it, whatever the settings say now.
            # Here, since the SDK starts a server for it, while the program waits for the answers below.
            hook = release_rulesets(name)
            wait_for_services = cluster_services.start_reading(settings, namespace, opts)
            outputs = lookups.outputs_of_last_run(name)
            existing = lookups.existing(name, settings, outputs, lookups.invoke_options(opts))
            settings = cluster_services.resolve(settings, namespace, wait_for_services(), outputs)
            adopted_tunnel, adopted_records = settings.adopted(existing, mark)
        super().__init__("culvert:index:Exposure", name, opts=opts)
        child = pulumi.ResourceOptions(parent=self)

        # A preview calls none of the other hooks.
        updating = not pulumi.runtime.is_dry_run()
        # First of all: it refuses the rulesets of other owners before anything is created.
        waf = WafRules(name, args, child) if (args := arguments.waf_rules(settings, [hook])) else None
        own_namespace = Namespace(name, arguments.namespace(settings, name), child)
        if args := arguments.sample_site(settings, own_namespace.name):
            SampleSite(name, args, child)
        policy = NetworkPolicy(name, arguments.network_policy(settings, name, own_namespace.name), child)
        access = Access(name, args, child) if (args := arguments.access(settings)) else None
        plain = arguments.connector(settings, namespace, "", depends_on=[], replace_with=[])
        tunnel = Tunnel(
            name,
            arguments.tunnel(
                settings,
                name,
                access.audience_of if access else {},
                adopt=adopted_tunnel,
                # A new secret reaches Cloudflare only once everything that the pods need has got past its own update.
                depends_on=[policy],
                before_update=[check_token_change(name, plain, opts)] if updating else [],
            ),
            pulumi.ResourceOptions(
                parent=self, transformations=[drop_connections, await_rules(name)] if updating else []
            ),
        )
        connector = Connector(
            name,
            arguments.connector(
                settings,
                own_namespace.name,
                tunnel.token,
                depends_on=[policy, tunnel.rules],
                replace_with=[tunnel.tunnel],
            ),
            pulumi.ResourceOptions(parent=self, transformations=[explain_rollout(name, opts)] if updating else []),
        )
        # Needed before a record leads visitors here.
        ready = [connector.workload, *(waf.rulesets if waf else []), *([access] if access else [])]
        records = Records(
            name,
            arguments.records(
                settings,
                tunnel.target,
                zone_ids=existing.zone_ids,
                adopt=adopted_records,
                depends_on=ready,
            ),
            child,
        )
        if args := arguments.load_balancer(settings, tunnel.tunnel_id, depends_on=ready):
            LoadBalancer(name, args, child)
        if args := arguments.monitoring(settings, own_namespace.name):
            Monitoring(name, args, child)
        if args := arguments.notification(settings, tunnel.tunnel_id, depends_on=[connector.workload]):
            Notification(name, args, child)
        args = arguments.private_networks(
            settings, tunnel.tunnel_id, depends_on=[connector.workload], replace_with=[tunnel.tunnel]
        )
        private = PrivateNetworks(name, args, child) if args else None

        hostname = settings.public_hostname
        self.public_hostname = pulumi.Output.from_input(hostname) if hostname else None
        self.urls = pulumi.Output.from_input(settings.urls())
        self.tunnel_id = tunnel.tunnel_id
        self.tunnel_name = tunnel.tunnel_name
        self.tunnel_target = tunnel.target
        self.records = records.ids
        self.config_version = tunnel.config_version
        self.namespace = own_namespace.name
        rules = settings.waf_rules_for_owners(name)
        self.waf_rules = pulumi.Output.from_input(rules) if rules else None
        self.connector = connector.deployment
        services = {key: service.to_output() for key, service in settings.services.items()}
        self.services = pulumi.Output.from_input(services) if services else None
        self.virtual_network_id = private.virtual_network_id if private else None
        self.service_tokens = access.service_tokens if access and access.tokens else None
        self.register_outputs({**exports(self)})
