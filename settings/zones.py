"""Zones: which one a hostname belongs to, and what its certificate covers."""

from collections.abc import Iterable

from settings import sources
from settings.mistakes import PREFIX, Mistake
from settings.routes import Route


def zone_of(hostname: str, zones: Iterable[str]) -> str | None:
    """The zone with the longest whole-label suffix in common, None where there is none. The apex belongs to its zone."""
    name = hostname.removeprefix("*.")
    return max((zone for zone in zones if name == zone or name.endswith(f".{zone}")), key=len, default=None)


def misplaced(routes: Iterable[tuple[int, Route]], zones: Iterable[str]) -> list[Mistake]:
    """Hostnames outside every zone, and hostnames deeper than Universal SSL covers."""
    zones = list(zones)
    mistakes: list[Mistake] = []
    for number, route in routes:
        zone = zone_of(route.hostname, zones)
        if zone is None:
            why = "it is in none of the zones, so no record can be made for it"
            accepted = "a hostname in " + " or ".join(sorted(zones))
            mistakes.append(
                Mistake.of(
                    f"{PREFIX}routes[{number}].hostname", route.hostname, why, accepted, sources.CLOUDFLARE_RECORDS
                )
            )
        elif route.hostname.count(".") - zone.count(".") > 1 and not route.advanced_certificate:
            why = f"Universal SSL covers {zone} and one label below it, so browsers would refuse this one"
            accepted = f"a hostname one label below {zone}, or advancedCertificate: true where the zone has a certificate for it"
            mistakes.append(
                Mistake.of(
                    f"{PREFIX}routes[{number}].hostname", route.hostname, why, accepted, sources.CLOUDFLARE_CERTIFICATES
                )
            )
    return mistakes
