"""Checks of destinations at a cloud's metadata service, which hands out the credentials of the machine."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from ipaddress import ip_interface, ip_network
from typing import Any

from settings import references
from settings.checks.partial import PartialSettings
from settings.errors import PREFIX, SettingIssue
from settings.types.cloud_metadata import NAMES, RANGES, SERVICES, Network, metadata_service

KEY = "allowCloudMetadata"
_CONFIRM = f"networkPolicy: {{{KEY}: true}} where the connector must reach it"


def cloud_metadata_unconfirmed(partial: PartialSettings) -> Iterator[SettingIssue]:
    """Origins, allowed destinations, DNS servers and private networks at a metadata service, which the settings do not
    confirm; and a confirmation without any."""
    named = [*_origins(partial), *_addresses(partial), *_names(partial), *_name_servers(partial)]
    confirmed = partial.group("networkPolicy").get(KEY)
    if confirmed is not True:
        yield from named
    elif not named:
        problem = "has no effect: no destination in the settings is a metadata service"
        yield SettingIssue.of(f"{PREFIX}networkPolicy.{KEY}", True, problem, "false", references.CLOUD_METADATA)


def _origins(partial: PartialSettings) -> Iterator[SettingIssue]:
    for number, route in partial.routes:
        key, origin = f"{PREFIX}routes[{number}].service", route.origin
        if origin.address is not None and (service := metadata_service(ip_network(origin.address))):
            yield _issue(key, route.service, service)
        elif route.service and origin.host in NAMES:
            # A Service may have this name too: its full name cannot be confused with the cloud's.
            own = "" if "." in origin.host else f"{origin.host}.NAMESPACE.svc for a Service of that name, "
            yield _issue(key, route.service, f"the metadata service of {NAMES[origin.host]}", own)


def _addresses(partial: PartialSettings) -> Iterator[SettingIssue]:
    lists: tuple[tuple[str, str, str, dict[Network, str]], ...] = (
        ("networkPolicy", "allow", "cidr", RANGES),
        # NodeLocal DNSCache is link-local too.
        ("networkPolicy", "dns", "cidr", SERVICES),
        ("privateNetworks", "routes", "network", RANGES),
        ("connector", "hostAliases", "ip", RANGES),
    )
    for group, listed, key, known in lists:
        for number, value in _values(partial.items(group, listed), key):
            try:
                network = ip_interface(value).network
            except ValueError:
                continue
            if service := metadata_service(network, known):
                yield _issue(f"{PREFIX}{group}.{listed}[{number}].{key}", value, service)


def _name_servers(partial: PartialSettings) -> Iterator[SettingIssue]:
    config = partial.group("connector").get("dnsConfig")
    servers = config.get("nameservers") if isinstance(config, dict) else None
    for number, value in enumerate(servers if isinstance(servers, (list, tuple)) else ()):
        with suppress(ValueError):
            if service := metadata_service(ip_network(value), SERVICES):
                yield _issue(f"{PREFIX}connector.dnsConfig.nameservers[{number}]", value, service)


def _names(partial: PartialSettings) -> Iterator[SettingIssue]:
    for number, value in _values(partial.items("networkPolicy", "allow"), "name"):
        name = value.lower().removesuffix(".")
        if name in NAMES:
            yield _issue(f"{PREFIX}networkPolicy.allow[{number}].name", value, f"the metadata service of {NAMES[name]}")


def _values(items: Iterable[tuple[int, dict[Any, Any]]], key: str) -> Iterable[tuple[int, str]]:
    return ((number, item[key]) for number, item in items if isinstance(item.get(key), str))


def _issue(key: str, value: Any, service: str, alternative: str = "") -> SettingIssue:
    problem = f"is {service}: it gives the machine's credentials to everyone who reaches it"
    accepted = f"another address, {alternative}or {_CONFIRM}"
    return SettingIssue.of(key, value, problem, accepted, references.CLOUD_METADATA)
