"""The settings of one stack: a closed model, validated as a whole."""

from settings.derived.access_applications import AccessApplication
from settings.derived.adoption import Existing, ExistingRecord, ExistingTunnel
from settings.derived.destinations import (
    AddressDestination,
    Destination,
    NameDestination,
    NetworkDestination,
    PodDestination,
)
from settings.errors import SettingIssue, SettingsError, is_connector_token
from settings.loading import base_name, check_name
from settings.model import Settings
from settings.options.access import AccessOptions, PeopleOptions
from settings.options.connector import ConnectorOptions
from settings.options.environment import OWN as OWN_VARIABLES
from settings.options.environment import EnvironmentVariable
from settings.options.images import ImageOptions
from settings.options.load_balancer import HealthOptions, LoadBalancerOptions, PoolOptions
from settings.options.monitoring import AlertOptions, DashboardOptions, MonitoringOptions
from settings.options.namespace import NamespaceOptions
from settings.options.network_policy import NetworkPolicyOptions
from settings.options.network_policy_peers import AllowedPeer, DnsServer
from settings.options.notify import NotifyOptions
from settings.options.origins import OriginDefaults, OriginOptions
from settings.options.paths import PathOptions
from settings.options.private_networks import PrivateNetworksOptions, PrivateRouteOptions, VirtualNetworkOptions
from settings.options.routes import BackendOptions, Route
from settings.options.sample_site import SAMPLE_SITE_PORT, SAMPLE_SITE_TARGET_PORT, SampleSiteOptions
from settings.options.scheduling import SchedulingOptions
from settings.options.token import ExistingSecretOptions, StoreOptions, TokenOptions
from settings.options.tunnel import TUNNEL_DOMAIN, TunnelOptions
from settings.options.volumes import RESERVED_PATH, RESERVED_PREFIX, VolumeOptions
from settings.options.waf import RateLimit, WafOptions, WafRule

__all__ = [
    "OWN_VARIABLES",
    "RESERVED_PATH",
    "RESERVED_PREFIX",
    "SAMPLE_SITE_PORT",
    "SAMPLE_SITE_TARGET_PORT",
    "TUNNEL_DOMAIN",
    "AccessApplication",
    "AccessOptions",
    "AddressDestination",
    "AlertOptions",
    "AllowedPeer",
    "BackendOptions",
    "ConnectorOptions",
    "DashboardOptions",
    "Destination",
    "DnsServer",
    "EnvironmentVariable",
    "Existing",
    "ExistingRecord",
    "ExistingSecretOptions",
    "ExistingTunnel",
    "HealthOptions",
    "ImageOptions",
    "LoadBalancerOptions",
    "MonitoringOptions",
    "NameDestination",
    "NamespaceOptions",
    "NetworkDestination",
    "NetworkPolicyOptions",
    "NotifyOptions",
    "OriginDefaults",
    "OriginOptions",
    "PathOptions",
    "PeopleOptions",
    "PodDestination",
    "PoolOptions",
    "PrivateNetworksOptions",
    "PrivateRouteOptions",
    "RateLimit",
    "Route",
    "SampleSiteOptions",
    "SchedulingOptions",
    "SettingIssue",
    "Settings",
    "SettingsError",
    "StoreOptions",
    "TokenOptions",
    "TunnelOptions",
    "VirtualNetworkOptions",
    "VolumeOptions",
    "WafOptions",
    "WafRule",
    "base_name",
    "check_name",
    "is_connector_token",
]
