"""The zone of each hostname."""

from collections.abc import Iterable

from settings.options.routes import Route


def zone_of(hostname: str, zones: Iterable[str]) -> str | None:
    """The zone with the longest suffix of whole labels in common, None where there is none; an apex is in its zone."""
    return max((zone for zone in zones if f".{hostname}".endswith(f".{zone}")), key=len, default=None)


def zones_by_hostname(routes: Iterable[Route], zones: Iterable[str]) -> dict[str, str]:
    """The zone of each hostname that is in one, with a DNS record or without."""
    zones = list(zones)
    found = {route.hostname: zone_of(route.hostname, zones) for route in routes}
    return {hostname: zone for hostname, zone in found.items() if zone}
