"""Checks of zones: their names, their ids, and the hostnames in them."""

from collections.abc import Iterable, Iterator, Mapping

from settings import references
from settings.checks.partial import Numbered
from settings.derived.zones import zone_of
from settings.errors import PREFIX, SettingIssue


def duplicate_zones(zones: Iterable[tuple[str, str]]) -> Iterator[SettingIssue]:
    """Zones listed twice in different spellings. `zones` have the name in the stack file and the normalized one."""
    first: dict[str, str] = {}
    for name, zone in zones:
        if zone in first:
            key, problem = f'{PREFIX}zones["{name}"]', f"is the same zone as {first[zone]}"
            yield SettingIssue.of(key, name, problem, "each zone once", references.CLOUDFLARE_ZONES)
        first.setdefault(zone, name)


def id_conflicts(zone_ids: Mapping[str, str], account_id: str) -> Iterator[SettingIssue]:
    """Zones with the id of another zone, or of the account."""
    owners = {account_id: "the account"}
    for zone, zone_id in zone_ids.items():
        if zone_id in owners:
            key, problem = f'{PREFIX}zones["{zone}"]', f"is the id of {owners[zone_id]}"
            yield SettingIssue.of(key, zone_id, problem, "the zone's own id", references.CLOUDFLARE_IDS)
        owners.setdefault(zone_id, zone)


def hostnames_outside_zones(routes: Iterable[Numbered], zones: Iterable[str]) -> Iterator[SettingIssue]:
    """Hostnames outside every zone, and hostnames deeper than Universal SSL covers."""
    zones = sorted(zones)
    for number, route in routes:
        key, zone = f"{PREFIX}routes[{number}].hostname", zone_of(route.hostname, zones)
        if zone is None and route.dns == "none":
            continue  # Neither its record nor its certificate belongs to the stack.
        if zone is None:
            problem, accepted = (
                "is in none of the zones, so it cannot have a record",
                f"a hostname in {' or '.join(zones)}",
            )
            yield SettingIssue.of(key, route.hostname, problem, accepted, references.CLOUDFLARE_RECORDS)
        elif route.hostname.count(".") > zone.count(".") + 1 and not route.advanced_certificate:
            problem = f"is too deep: Universal SSL covers {zone} and one label below it, so browsers would reject it"
            accepted = f"one label below {zone}, or advancedCertificate: true where the zone has such a certificate"
            yield SettingIssue.of(key, route.hostname, problem, accepted, references.CLOUDFLARE_CERTIFICATES)
