"""The settings of one stack: a closed model, validated as a whole."""

from settings.derived.access_applications import AccessApplication
from settings.derived.adoption import Existing, ExistingRecord, ExistingTunnel
from settings.derived.destination_kinds import (
    AddressDestination,
    Destination,
    EntityDestination,
    NameDestination,
    NetworkDestination,
    PodDestination,
)
from settings.derived.kubernetes_services import KubernetesService, UnusableService
from settings.derived.service_readings import Readings, remembered_services
from settings.derived.service_warnings import NOT_FOUND, describe
from settings.errors import SettingIssue, SettingsError, is_connector_token
from settings.model import Settings
from settings.options.connector import MAX_REPLICAS, ConnectorOptions
from settings.options.environment import OWN as OWN_VARIABLES
from settings.options.network_policy import NetworkPolicyOptions
from settings.options.paths import PathOptions
from settings.options.routes import Route
from settings.options.token import ExistingSecretOptions, TokenOptions
from settings.options.tunnel import TUNNEL_DOMAIN
from settings.stack_file import provider_settings
from settings.stack_names import base_name, check_name, stack_name

__all__ = [
    "MAX_REPLICAS",
    "NOT_FOUND",
    "OWN_VARIABLES",
    "TUNNEL_DOMAIN",
    "AccessApplication",
    "AddressDestination",
    "ConnectorOptions",
    "Destination",
    "EntityDestination",
    "Existing",
    "ExistingRecord",
    "ExistingSecretOptions",
    "ExistingTunnel",
    "KubernetesService",
    "NameDestination",
    "NetworkDestination",
    "NetworkPolicyOptions",
    "PathOptions",
    "PodDestination",
    "Readings",
    "Route",
    "SettingIssue",
    "Settings",
    "SettingsError",
    "TokenOptions",
    "UnusableService",
    "base_name",
    "check_name",
    "describe",
    "is_connector_token",
    "provider_settings",
    "remembered_services",
    "stack_name",
]
