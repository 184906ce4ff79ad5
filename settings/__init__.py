"""The settings of one stack: read once, checked whole, and closed."""

from settings.access import AccessOptions, PeopleOptions
from settings.adoption import Existing, ExistingRecord, ExistingTunnel
from settings.connector import ConnectorOptions, SchedulingOptions
from settings.destinations import AddressDestination, Destination, NameDestination, NetworkDestination, PodDestination
from settings.edge import EdgeOptions, EdgeRule, RateLimit
from settings.environment import OWN as OWN_VARIABLES
from settings.environment import EnvironmentVariable
from settings.guards import Guard
from settings.images import ImageOptions
from settings.load_balancer import HealthOptions, LoadBalancerOptions, PoolOptions
from settings.mistakes import Mistake, SettingsError
from settings.model import Settings
from settings.monitoring import AlertOptions, DashboardOptions, MonitoringOptions, NotifyOptions
from settings.openings import AllowOptions, ResolverOptions
from settings.origins import OriginDefaults, OriginOptions
from settings.paths import PathOptions
from settings.private_networks import PrivateNetworksOptions, PrivateRouteOptions, VirtualNetworkOptions
from settings.routes import BackendOptions, Route
from settings.stack import base_name
from settings.surroundings import (
    SAMPLE_SITE_PORT,
    SAMPLE_SITE_TARGET_PORT,
    NamespaceOptions,
    NetworkPolicyOptions,
    SampleSiteOptions,
)
from settings.token import ExistingSecretOptions, StoreOptions, TokenOptions
from settings.tunnel import TunnelOptions
from settings.volumes import RESERVED_PATH, RESERVED_PREFIX, VolumeOptions

__all__ = [
    "OWN_VARIABLES",
    "RESERVED_PATH",
    "RESERVED_PREFIX",
    "SAMPLE_SITE_PORT",
    "SAMPLE_SITE_TARGET_PORT",
    "AccessOptions",
    "AddressDestination",
    "AlertOptions",
    "AllowOptions",
    "BackendOptions",
    "ConnectorOptions",
    "DashboardOptions",
    "Destination",
    "EdgeOptions",
    "EdgeRule",
    "EnvironmentVariable",
    "Existing",
    "ExistingRecord",
    "ExistingSecretOptions",
    "ExistingTunnel",
    "Guard",
    "HealthOptions",
    "ImageOptions",
    "LoadBalancerOptions",
    "Mistake",
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
    "ResolverOptions",
    "Route",
    "SampleSiteOptions",
    "SchedulingOptions",
    "Settings",
    "SettingsError",
    "StoreOptions",
    "TokenOptions",
    "TunnelOptions",
    "VirtualNetworkOptions",
    "VolumeOptions",
    "base_name",
]
