"""The settings of one stack: the closed model, and what follows from it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, ModelWrapValidatorHandler, PrivateAttr, model_validator

from settings import loading, references, stack_file
from settings.checks.existing import existing_conflicts, refusals
from settings.checks.validate import validate
from settings.derived import (
    access_applications,
    adoption,
    destinations,
    ingress_rules,
    service_readings,
    waf_rules,
    zones,
)
from settings.derived.adoption import Existing
from settings.derived.destination_kinds import Destination
from settings.derived.kubernetes_services import KubernetesService
from settings.errors import SettingsError
from settings.options import ca_pools, shorthand
from settings.options.connector import ConnectorOptions
from settings.options.load_balancer import LoadBalancerOptions
from settings.options.monitoring import MonitoringOptions
from settings.options.namespace import NamespaceOptions
from settings.options.network_policy import NetworkPolicyOptions
from settings.options.notify import NotifyOptions
from settings.options.origins import STREAMS, OriginDefaults
from settings.options.private_networks import PrivateNetworksOptions
from settings.options.routes import Route
from settings.options.sample_site import SAMPLE_SITE_PORT, SAMPLE_SITE_TARGET_PORT, SampleSiteOptions
from settings.options.token import TokenOptions
from settings.options.tunnel import TunnelOptions
from settings.options.waf import WafOptions
from settings.schema import Accepts, Example, Options
from settings.stack_file import StackFile
from settings.types.cloudflare import HexId, TeamName
from settings.types.dns import CLUSTER_DOMAIN, ClusterDomain, ZoneName

Team = Annotated[TeamName | None, BeforeValidator(shorthand.blank, json_schema_input_type=str | None)]
ZoneId = Annotated[HexId | None, BeforeValidator(shorthand.blank, json_schema_input_type=str | None)]
_ZoneIds = dict[ZoneName, ZoneId]
Zones = Annotated[
    _ZoneIds,
    BeforeValidator(shorthand.zones, json_schema_input_type=_ZoneIds | str),
    Accepts(
        "one zone or more, each with its id (32 hex digits, in quotes) or nothing",
        references.CLOUDFLARE_IDS,
        ({"example.com": "89abcdef0123456789abcdef01234567", "example.org": None},),
    ),
]
_Route = Annotated[Route, BeforeValidator(shorthand.route, json_schema_input_type=Route | str)]
_Routes = tuple[_Route, ...]
Routes = Annotated[
    _Routes,
    BeforeValidator(shorthand.routes, json_schema_input_type=_Routes | str),
    Accepts(
        "one route or more",
        references.CONNECTOR_RULES,
        ([{"hostname": "blog.example.com", "service": "http://blog"}],),
    ),
]
Namespace = Annotated[
    NamespaceOptions | None,
    BeforeValidator(shorthand.namespace, json_schema_input_type=NamespaceOptions | str | None),
    Accepts(
        "the name of a namespace, or {name, create, labels}",
        references.KUBERNETES_NAMESPACES,
        ("blog", {"name": "blog", "create": False}),
    ),
]
SampleSite = Annotated[
    SampleSiteOptions | None,
    BeforeValidator(shorthand.switch, json_schema_input_type=SampleSiteOptions | bool | None),
    Accepts("true, false, or {name, image}", references.KUBERNETES_SERVICES, (True, {"name": "blog"})),
]
Monitoring = Annotated[
    MonitoringOptions | None,
    BeforeValidator(shorthand.switch, json_schema_input_type=MonitoringOptions | bool | None),
    Accepts(
        "true, false, or {monitor, labels, alerts, dashboard}",
        references.PROMETHEUS_OPERATOR,
        (True, {"monitor": "service", "labels": {"release": "kube-prometheus-stack"}}),
    ),
]


class Settings(Options):
    """One tunnel: account and zones, routes, and how the connector runs. Construction raises SettingsError, with every
    issue at once."""

    account_id: Annotated[HexId, Example("0123456789abcdef0123456789abcdef")]
    """Id of the Cloudflare account."""
    zones: Zones = {}
    """Zones of the hostnames: name to id, or to nothing, in which case the id is looked up by name. A string is one
    zone without an id. Required with routes."""
    routes: Routes = ()
    """Which requests reach which Service. The first hostname with a record is the stack's publicHostname. A string is a
    hostname routed to the Service blog, the sample site's default name. Required without privateNetworks."""
    origin_defaults: Annotated[
        OriginDefaults,
        Accepts(
            "origin options, such as connectTimeout and caPool",
            references.ORIGIN_PARAMETERS,
            ({"connectTimeout": 10, "balance": True},),
        ),
    ] = OriginDefaults.defaults()
    """Origin options of every route that they apply to and that does not set them itself."""
    access_team: Team = None
    """Name of the account's Zero Trust team, whose JWTs the connector verifies; required where a route has `access`."""
    namespace: Namespace = None
    """Namespace that the connector runs in: its name, or an object. Omitted, it is named after project and stack."""
    cluster_domain: ClusterDomain = CLUSTER_DOMAIN
    """DNS domain of the cluster's Services, as its kubelets have it: `service.namespace.svc.<clusterDomain>` is a
    Service."""
    tunnel: Annotated[TunnelOptions, Example({"protect": True})] = TunnelOptions.defaults()
    """The tunnel at Cloudflare."""
    token: Annotated[
        TokenOptions, Example({"delivery": "existing", "secret": {"name": "tunnel-token"}}, {"epoch": 1})
    ] = TokenOptions.defaults()
    """Delivery of the tunnel's token to the connector's pods, and its rotation."""
    connector: Annotated[
        ConnectorOptions,
        Accepts(
            "{replicas, image, protocol, gracePeriod, logLevel, resources, extraEnv, extraVolumes, scheduling} "
            "and more",
            examples=({"replicas": 3, "gracePeriod": "1m"},),
        ),
    ] = ConnectorOptions.defaults()
    """The connector's Deployment."""
    network_policy: Annotated[NetworkPolicyOptions, Example({"preset": "strict", "metricsFrom": "monitoring"})] = (
        NetworkPolicyOptions.defaults()
    )
    """Network policy of the connector's pods: allowed egress, and who may scrape their metrics."""
    sample_site: SampleSite = None
    """Whether to run a small site to try the tunnel with."""
    monitoring: Monitoring = None
    """Objects for the Prometheus operator and Grafana: a monitor, alert rules and a dashboard."""
    notify: Annotated[NotifyOptions | None, Example({"email": ["ops@example.com"]})] = None
    """Recipients of Cloudflare's notifications when the tunnel goes down, and when it is back."""
    load_balancer: Annotated[
        LoadBalancerOptions | None,
        Example({"hostname": "blog.example.com", "pools": [{"name": "here", "tunnels": ["own"]}]}),
    ] = None
    """A load balancer in front of the tunnels of this stack and of others, for one hostname. One of the stacks owns
    it."""
    private_networks: Annotated[
        PrivateNetworksOptions | None,
        Example({"virtualNetwork": {"name": "homelab"}, "routes": [{"network": "10.43.0.0/16", "ports": [443]}]}),
    ] = None
    """Networks that WARP clients reach by private addresses, through this stack's tunnel."""
    waf: Annotated[
        WafOptions, Example({"owns": ["example.com"], "rules": [{"name": "sanctions", "countries": ["KP"]}]})
    ] = WafOptions.defaults()
    """Requests that are blocked or challenged at Cloudflare's edge."""
    _file: StackFile | None = PrivateAttr(default=None)
    _services: Mapping[str, KubernetesService] = PrivateAttr(default_factory=dict)

    @model_validator(mode="wrap")
    @classmethod
    def _every_issue_at_once(cls, data: Any, handler: ModelWrapValidatorHandler["Settings"]) -> "Settings":
        return validate(cls, data, handler)

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> "Settings":
        """Settings from their camelCase keys, without the `culvert:` prefix. Raises SettingsError."""
        return cls.model_validate(dict(values))._with_known_origins()

    @classmethod
    def load(cls) -> "Settings":
        """The settings of the stack that the engine runs; nothing else reads the `culvert:` keys of its configuration.
        Raises SettingsError, with lines of the stack file where the settings come from it."""
        values = loading.engine_values()
        file = loading.file_in_use(values, cls)
        if file and file.issues:
            return cls._from_file(file)
        try:
            settings = cls.parse(values)
        except SettingsError as error:
            raise loading.lines_from(file, error, values) if file else error from None
        settings._file = file
        return settings

    @classmethod
    def from_stack_file(cls, path: Path) -> "Settings":
        """The settings in a `Pulumi.<stack>.yaml`, without the engine. Raises SettingsError, with lines of the file."""
        return cls._from_file(stack_file.read(path, cls))

    @classmethod
    def _from_file(cls, file: StackFile) -> "Settings":
        loading.reject_encrypted(file)
        values, settings, issues = loading.file_values(file), None, [*file.issues]
        # A file whose layout has no settings at all is not told that each is missing.
        if values or not issues:
            try:
                settings = cls.parse(values)
            except SettingsError as error:
                issues += error.issues
        if settings is None or issues:
            raise SettingsError(file.locate(issues))
        settings._file = file
        return settings

    def access_applications(self) -> tuple[access_applications.AccessApplication, ...]:
        """The Access applications of the routes."""
        return access_applications.access_applications(self.routes)

    def ingress_rules(self, namespace: str, audiences: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """The connector's rules, sorted, with services of the stack's namespace in full, the catch-all last.
        `audiences` are those of the Access applications, by name."""
        rules = ingress_rules.ingress_rules(self.routes, namespace, self.origin_defaults)
        routes = [route for _, route in ingress_rules.sort_routes(enumerate(self.routes))]
        by_application = {each: (audiences or {}).get(each.name) for each in self.access_applications()}
        return access_applications.require_access_jwt(rules, routes, self.access_team, by_application)

    def hostnames(self) -> dict[str, str]:
        """Each hostname that gets a record, with its zone, in the order of the stack file."""
        balanced = self.load_balancer.hostname if self.load_balancer else None
        return {
            route.hostname: self.zone_of(route.hostname)
            for route in self.routes
            if route.dns == "record" and route.hostname != balanced
        }

    def zone_of(self, hostname: str) -> str:
        """The zone of a route's hostname that has a record: validation ensures that it is in one."""
        zone = zones.zone_of(hostname, self.zones)
        assert zone is not None, hostname
        return zone

    def namespace_name(self, name: str) -> str:
        """The namespace that the connector runs in; by default it is named after the exposure, `name`."""
        return self.namespace.name if self.namespace else name

    @property
    def public_hostname(self) -> str | None:
        """The first hostname with a record; the first of all where none has one; None without routes."""
        return next(iter((*self.hostnames(), *(route.hostname for route in self.routes))), None)

    def adopted(self, existing: Existing, comment: str) -> tuple[str | None, dict[str, str]]:
        """What this run adopts of the objects that existed before it, as `pulumi import` expects it: the tunnel as
        `account/tunnel`, or None, and records by hostname as `zone/record`.

        Raises SettingsError where the API refused to say what exists, or a record or tunnel outside the stack conflicts
        with it or cannot be adopted. `comment` is the comment of the stack's own records.
        """
        conflicts = [
            *refusals(self.account_id, self.zones, existing),
            *existing_conflicts(self.tunnel.adopt, self.routes, self.hostnames(), existing, comment),
        ]
        if conflicts:
            raise self._located(SettingsError(conflicts))
        tunnel, records = adoption.adopted(self.tunnel.adopt, self.routes, self.hostnames(), existing)
        return f"{self.account_id}/{tunnel}" if tunnel else None, records

    def urls(self) -> list[str]:
        """URLs that a browser can open, in the order of the stack file: the hostnames with a record that are no
        wildcards, where the route leads to a Service that speaks HTTP."""
        routes = [
            route
            for route in self.routes
            if route.dns == "record"
            and not route.hostname.startswith("*")
            and route.origin.scheme not in (*STREAMS, "http_status")
        ]
        return list(dict.fromkeys(f"https://{route.hostname}{route.paths.shown}" for route in routes))

    def volumes(self) -> list[dict[str, Any]]:
        """Volumes of the connector besides the token's, each `{"volume": …, "mount": …}`: the origins' certificate
        authorities, and the extra ones."""
        pools = [route.effective_origin_options(self.origin_defaults).get("ca_pool") for route in self.routes]
        extra = [{"volume": one.volume, "mount": one.mount} for one in self.connector.extra_volumes]
        return [*ca_pools.ca_volumes(pool for pool in pools if pool is not None), *extra]

    def waf_rules(self) -> list[Any]:
        """The rules for the zones that the stack owns: `{zone, name, action, expression}`, and of a limit its
        `rate`."""
        return waf_rules.rules_for_owned_zones(self.waf, zones.zones_by_hostname(self.routes, self.zones))

    def waf_rules_for_owners(self, base: str) -> list[dict[str, Any]]:
        """The rules for zones that another stack owns, as it includes them: their names begin with this stack's,
        `base`."""
        return waf_rules.rules_for_other_owners(self.waf, zones.zones_by_hostname(self.routes, self.zones), base)

    @property
    def services(self) -> Mapping[str, KubernetesService]:
        """The Services of the cluster that are known, by `namespace/name`; see `with_services`."""
        return self._services

    def services_to_read(self, namespace: str) -> dict[str, tuple[str, str]]:
        """Namespace and name of each Service of the cluster that the network policy depends on, by `namespace/name`.
        `namespace` is the stack's."""
        own = {self.sample_site.name} if self.sample_site else set[str]()
        return service_readings.services_to_read(self.routes, namespace, own)

    def with_services(
        self, namespace: str, readings: service_readings.Readings, remembered: Mapping[str, KubernetesService]
    ) -> tuple["Settings", tuple[str, ...]]:
        """The settings with what the cluster says about the Services of `services_to_read`, and warnings about what is
        assumed. Of Services that could not be read, `remembered` has what an earlier run read.

        Raises SettingsError where a route cannot use its Service.
        """
        try:
            found = service_readings.resolve(self.routes, namespace, self.network_policy, readings, remembered)
        except SettingsError as error:
            raise self._located(error) from None
        settings = self.model_copy(update={"routes": found.routes})
        settings._services = found.services
        return settings, found.warnings

    def destinations(self, namespace: str) -> tuple[Destination, ...]:
        """Destinations of the connector besides Cloudflare and cluster DNS, each once."""
        site = self.sample_site
        target_ports = {(site.name, SAMPLE_SITE_PORT): SAMPLE_SITE_TARGET_PORT} if site else {}
        return destinations.destinations(
            self.routes,
            namespace,
            self.services,
            self.network_policy,
            self.private_networks,
            target_ports,
            self.connector,
        )

    def _located(self, error: SettingsError) -> SettingsError:
        """The error with lines of the stack file, if the settings come from one."""
        return loading.lines_from(self._file, error) if self._file else error

    def _with_known_origins(self) -> "Settings":
        """The settings with routes that know the cluster's DNS domain and the addresses of `connector.hostAliases`."""
        aliases = {name: alias.ip for alias in self.connector.host_aliases for name in alias.hostnames}
        if self.cluster_domain == CLUSTER_DOMAIN and not aliases:
            return self
        origins = [route.origin.in_domain(self.cluster_domain) for route in self.routes]
        known = [origin.at(aliases[origin.host]) if origin.host in aliases else origin for origin in origins]
        routes = tuple(route.with_origin(origin) for route, origin in zip(self.routes, known, strict=True))
        return self.model_copy(update={"routes": routes})
