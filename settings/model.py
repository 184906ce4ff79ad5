"""The settings of one stack: the closed model, and what follows from it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, ModelWrapValidatorHandler, model_validator

from settings import loading, references, shorthand
from settings.checks import validation
from settings.derived import access_applications, ingress_rules, waf_rules
from settings.derived.adoption import Existing, adopted
from settings.derived.destinations import AddressDestination, Destination, destinations
from settings.errors import SettingsError
from settings.options import access, ca_pools, private_networks, zones
from settings.options.connector import ConnectorOptions
from settings.options.load_balancer import LoadBalancerOptions
from settings.options.monitoring import MonitoringOptions, NotifyOptions
from settings.options.namespace import NamespaceOptions
from settings.options.network_policy import NetworkPolicyOptions
from settings.options.origins import OriginDefaults
from settings.options.private_networks import PrivateNetworksOptions
from settings.options.routes import Route
from settings.options.sample_site import SAMPLE_SITE_PORT, SAMPLE_SITE_TARGET_PORT, SampleSiteOptions
from settings.options.token import TokenOptions
from settings.options.tunnel import TunnelOptions
from settings.options.waf import WafOptions
from settings.schema import Options, setting


def _named(value: Any) -> Any:
    # Whoever is asked for one, as by a template, and says nothing, says an empty text.
    return ({"name": value} if value else None) if isinstance(value, str) else value


def _switched(value: Any) -> Any:
    return ({} if value else None) if isinstance(value, bool) else value


def _looked_up(value: Any) -> Any:
    return None if value == "" else value


ZoneName = Annotated[str, AfterValidator(zones.zone_name)]
Team = Annotated[str, AfterValidator(access.team)]
TeamOrNone = Annotated[Team | None, BeforeValidator(_looked_up, json_schema_input_type=str | None)]
Id = Annotated[str, AfterValidator(zones.cloudflare_id)]
ZoneId = Annotated[Id | None, BeforeValidator(_looked_up, json_schema_input_type=str | None)]
Zones = Annotated[
    dict[ZoneName, ZoneId],
    BeforeValidator(
        shorthand.zones, json_schema_input_type=Annotated[dict[ZoneName, ZoneId], Field(min_length=1)] | str
    ),
]
Declared = Annotated[Route, BeforeValidator(shorthand.route, json_schema_input_type=Route | str)]
Routes = Annotated[
    tuple[Declared, ...],
    BeforeValidator(
        shorthand.routes, json_schema_input_type=Annotated[tuple[Declared, ...], Field(min_length=1)] | str
    ),
]
Namespace = Annotated[
    NamespaceOptions | None, BeforeValidator(_named, json_schema_input_type=NamespaceOptions | str | None)
]
SampleSite = Annotated[
    SampleSiteOptions | None, BeforeValidator(_switched, json_schema_input_type=SampleSiteOptions | bool | None)
]
Monitoring = Annotated[
    MonitoringOptions | None, BeforeValidator(_switched, json_schema_input_type=MonitoringOptions | bool | None)
]


class Settings(Options):
    """One tunnel: account and zones, routes, and how the connector runs. Making one raises SettingsError, with every
    mistake at once."""

    account_id: Id = setting(
        "Id of the Cloudflare account.",
        zones.ID,
        references.CLOUDFLARE_IDS,
        examples=["0123456789abcdef0123456789abcdef"],
    )
    zones: Zones = setting(
        "The zones that the hostnames are in: name to id, or to nothing, and then the id is looked up by name. A text is one "
        "zone without an id.",
        "one zone or more, each with its id (32 hex digits, in quotes) or nothing",
        references.CLOUDFLARE_IDS,
        examples=[{"example.com": "89abcdef0123456789abcdef01234567", "example.org": None}],
        min_length=1,
    )
    routes: Routes = setting(
        "Which requests go to which Service. The first hostname with a record is the stack's publicHostname. A text is a hostname that "
        "leads to the Service blog, as the sample site's is called.",
        "one route or more",
        references.CONNECTOR_RULES,
        examples=[[{"hostname": "blog.example.com", "service": "http://blog"}]],
        min_length=1,
    )
    origin_defaults: OriginDefaults = setting(
        "Origin options for every route that has a use for them and does not say otherwise.",
        "origin options, such as connectTimeout and caPool",
        references.ORIGIN_PARAMETERS,
        examples=[{"connectTimeout": 10, "balance": True}],
        default=OriginDefaults(),
    )
    access_team: TeamOrNone = setting(
        "Name of the account's Zero Trust team, whose signature the connector looks for; needed where a route has `access`.",
        access.TEAM,
        references.CLOUDFLARE_TEAM,
        examples=["acme"],
        default=None,
    )
    namespace: Namespace = setting(
        "The namespace that the connector runs in: its name, or an object. Left out, it is named after project and stack.",
        "the name of a namespace, or {name, create, labels}",
        references.KUBERNETES_NAMESPACES,
        examples=["blog", {"name": "blog", "create": False}],
        default=None,
    )
    tunnel: TunnelOptions = setting(
        "The tunnel itself.",
        "{protect, adopt}",
        references.PULUMI_PROTECT,
        examples=[{"protect": True}],
        default=TunnelOptions(),
    )
    token: TokenOptions = setting(
        "How the tunnel's token comes to the connector's pods, and when it changes.",
        "{delivery, epoch, certificate, secret, store}",
        references.CLOUDFLARE_TOKENS,
        examples=[{"delivery": "existing", "secret": {"name": "tunnel-token"}}, {"epoch": 1}],
        default=TokenOptions(),
    )
    connector: ConnectorOptions = setting(
        "How the connector runs.",
        "{replicas, image, protocol, gracePeriod, logLevel, resources, extraEnv, extraVolumes, scheduling} and more",
        references.CLOUDFLARE_PARAMETERS,
        examples=[{"replicas": 3, "gracePeriod": "1m"}],
        default=ConnectorOptions(),
    )
    network_policy: NetworkPolicyOptions = setting(
        "What the connector's pods may reach, and who may reach them.",
        "{engine, preset, metricsFrom, allow, dns}",
        references.KUBERNETES_POLICIES,
        examples=[{"preset": "strict", "metricsFrom": "monitoring"}],
        default=NetworkPolicyOptions(),
    )
    sample_site: SampleSite = setting(
        "Whether to run a small site to try the tunnel with.",
        "true, false, or {name, image}",
        references.KUBERNETES_SERVICES,
        examples=[True, {"name": "blog"}],
        default=None,
    )
    monitoring: Monitoring = setting(
        "What the Prometheus operator and Grafana are given: a monitor, alert rules and a dashboard.",
        "true, false, or {monitor, labels, alerts, dashboard}",
        references.PROMETHEUS_OPERATOR,
        examples=[True, {"monitor": "service", "labels": {"release": "kube-prometheus-stack"}}],
        default=None,
    )
    notify: NotifyOptions | None = setting(
        "Whom Cloudflare tells when the tunnel goes down, and when it is back.",
        "{email, webhook, pagerduty, when}",
        references.CLOUDFLARE_NOTIFICATIONS,
        examples=[{"email": ["ops@example.com"]}],
        default=None,
    )
    load_balancer: LoadBalancerOptions | None = setting(
        "A load balancer before this stack's tunnel and those of other stacks, for one hostname. One of the stacks has it.",
        "{hostname, pools, steering, health}",
        references.CLOUDFLARE_BALANCERS,
        examples=[{"hostname": "blog.example.com", "pools": [{"name": "here", "tunnels": ["own"]}]}],
        default=None,
    )
    private_networks: PrivateNetworksOptions | None = setting(
        "Networks that people with the WARP client reach by private addresses, through this stack's tunnel.",
        "{virtualNetwork, routes}",
        references.CLOUDFLARE_ROUTES,
        examples=[{"virtualNetwork": {"name": "homelab"}, "routes": [{"network": "10.43.0.0/16", "ports": [443]}]}],
        default=None,
    )
    waf: WafOptions = setting(
        "Who is turned away at Cloudflare's edge.",
        "{plan, owns, adopt, rules, rateLimits, include}",
        references.CLOUDFLARE_CUSTOM_RULES,
        examples=[{"owns": ["example.com"], "rules": [{"name": "sanctions", "countries": ["KP"]}]}],
        default=WafOptions(),
    )

    @model_validator(mode="wrap")
    @classmethod
    def _all_at_once(cls, data: Any, handler: ModelWrapValidatorHandler["Settings"]) -> "Settings":
        return validation.checked(cls, data, handler)

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> "Settings":
        """Settings from their camelCase keys, without the `culvert:` before them. Raises SettingsError."""
        return cls.model_validate(dict(values))

    @classmethod
    def load(cls) -> "Settings":
        """The settings of the stack that the engine runs; nothing else reads Pulumi's configuration."""
        return cls.parse(loading.running())

    @classmethod
    def from_stack_file(cls, path: Path) -> "Settings":
        """The settings in a `Pulumi.<stack>.yaml`, without the engine."""
        return cls.parse(loading.written(path))

    def access_applications(self) -> tuple[access_applications.AccessApplication, ...]:
        """The Access applications that stand before the routes."""
        return access_applications.access_applications(self.routes)

    def ingress_rules(self, namespace: str, audiences: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """The connector's rules, sorted and spelled out for the stack's namespace, the catch-all last. `audiences` are
        those of the guards, by name."""
        found = ingress_rules.ingress_rules(self.routes, namespace, self.origin_defaults)
        routes = [route for _, route in ingress_rules.ordered(enumerate(self.routes))]
        known = {each: (audiences or {}).get(each.name) for each in self.access_applications()}
        return access_applications.ticketed(found, routes, self.access_team, known)

    def hostnames(self) -> dict[str, str]:
        """Each hostname that gets a record and the zone it is in, in the order declared."""
        balanced = self.load_balancer.hostname if self.load_balancer else None
        return {
            route.hostname: self.zone_of(route.hostname)
            for route in self.routes
            if route.dns == "record" and route.hostname != balanced
        }

    def zone_of(self, hostname: str) -> str:
        """The zone that the hostname of a route is in."""
        return zones.zone_of(hostname, self.zones) or ""

    @property
    def public_hostname(self) -> str:
        """The first hostname with a record; the first of all where none has one."""
        return next(iter(self.hostnames()), self.routes[0].hostname)

    def adopted(self, existing: Existing, comment: str) -> tuple[str | None, dict[str, str]]:
        """What this run takes over of what was there before it, as `pulumi import` takes it: the tunnel as `account/tunnel`,
        or None, and by hostname the records as `zone/record`.

        Ends the program where something of somebody else's is in the way, or cannot be taken over. `comment` is what the
        stack writes beside its records.
        """
        try:
            tunnel, records = adopted(self.tunnel.adopt, self.routes, self.hostnames(), existing, comment)
        except SettingsError as error:
            loading.stop(error)
        return f"{self.account_id}/{tunnel}" if tunnel else None, records

    def urls(self) -> list[str]:
        """The addresses to open, in the order declared: of hostnames with a record."""
        named = [route for route in self.routes if route.dns == "record"]
        return list(dict.fromkeys(f"https://{route.hostname}{route.paths.shown}" for route in named))

    def volumes(self) -> list[dict[str, Any]]:
        """Volumes of the connector besides the token's, each `{"volume": …, "mount": …}`: the origins' certificate
        authorities, and the extra ones."""
        pools = [route.origin_in_force(self.origin_defaults).get("ca_pool") for route in self.routes]
        extra = [{"volume": one.volume, "mount": one.mount} for one in self.connector.extra_volumes]
        return [*ca_pools.mounted(pool for pool in pools if pool is not None), *extra]

    def waf_rules(self) -> list[Any]:
        """The rules for the zones that the stack owns: `{zone, name, action, expression}`, and of a limit its `rate`."""
        own = [
            rule
            for rule in waf_rules.own(self.waf, zones.placed(self.routes, self.zones))
            if rule["zone"] in self.waf.owns
        ]
        return [*own, *waf_rules.included(self.waf)]

    def waf_rules_for_owners(self, base: str) -> list[dict[str, Any]]:
        """The rules for zones that another stack owns, as it includes them: their names begin with this stack's, `base`."""
        own = waf_rules.own(self.waf, zones.placed(self.routes, self.zones))
        return [
            {**{key: value for key, value in rule.items() if key != "zone"}, "name": f"{base}_{rule['name']}"}
            for rule in own
            if rule["zone"] not in self.waf.owns
        ]

    def destinations(self, namespace: str) -> tuple[Destination, ...]:
        """What the connector must reach besides Cloudflare and cluster DNS, each once."""
        site = self.sample_site
        known = {(site.name, SAMPLE_SITE_PORT): SAMPLE_SITE_TARGET_PORT} if site else {}
        found = destinations(self.routes, namespace, known, self.network_policy)
        guarded = any(route.access for route in self.routes)
        keys = (AddressDestination(address, 443) for address in access.KEYS if guarded)
        return (*found, *keys, *private_networks.destinations(self.private_networks))

    def resolvers(self) -> list[dict[str, Any]]:
        """The cluster's DNS servers, where they are not at their usual places; each as the network policy takes it."""
        return [
            {
                "port": each.port,
                **({"cidr": each.cidr} if each.cidr else {"namespace": each.namespace, "pod_selector": each.pods}),
            }
            for each in self.network_policy.dns
        ]
