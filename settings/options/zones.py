"""Zones: their names and ids, which one a hostname is in, and what its certificate covers."""

import re
from collections.abc import Iterable, Mapping

from settings import references, types
from settings.errors import PREFIX, SettingIssue, reject
from settings.options.routes import Route

ZONE = "the name of a zone, such as example.com"
ID = "32 hex digits, in quotes"


def zone_name(text: str) -> str:
    """A zone's name: in lower case, in punycode."""
    return types.domain_name(text, ZONE)


def cloudflare_id(text: str) -> str:
    """An id of an account or a zone, in lower case."""
    if not re.fullmatch(r"[0-9A-Fa-f]{32}", text):
        reject("it is no id of Cloudflare's", ID, references.CLOUDFLARE_IDS)
    return text.lower()


def zone_of(hostname: str, zones: Iterable[str]) -> str | None:
    """The zone that shares the longest suffix of whole labels, None where there is none; an apex is in its zone."""
    name = hostname.removeprefix("*.")
    return max((zone for zone in zones if f".{name}".endswith(f".{zone}")), key=len, default=None)


def placed(routes: Iterable[Route], zones: Iterable[str]) -> dict[str, str]:
    """Each hostname that is in a zone, with a record or without, and the zone."""
    zones = list(zones)
    found = {route.hostname: zone_of(route.hostname, zones) for route in routes}
    return {hostname: zone for hostname, zone in found.items() if zone}


def repeated(zones: Iterable[tuple[str, str]]) -> list[SettingIssue]:
    """Zones written twice in different ways. Each zone comes as it is written and as it is sent."""
    first: dict[str, str] = {}
    mistakes: list[SettingIssue] = []
    for written, zone in zones:
        if zone in first:
            key, why = f'{PREFIX}zones["{written}"]', f"it is the same zone as {first[zone]}"
            mistakes.append(SettingIssue.of(key, written, why, "each zone once", references.CLOUDFLARE_ZONES))
        first.setdefault(zone, written)
    return mistakes


def confused(zones: Mapping[str, str], account_id: str) -> list[SettingIssue]:
    """Zones that have another's id, or the account's."""
    owners = {account_id: "the account"}
    mistakes: list[SettingIssue] = []
    for zone, identity in zones.items():
        if identity in owners:
            key, why = f'{PREFIX}zones["{zone}"]', f"it is the id of {owners[identity]}"
            mistakes.append(SettingIssue.of(key, identity, why, "the zone's own id", references.CLOUDFLARE_IDS))
        owners.setdefault(identity, zone)
    return mistakes


def misplaced(routes: Iterable[tuple[int, Route]], zones: Iterable[str]) -> list[SettingIssue]:
    """Hostnames outside every zone, and hostnames deeper than Universal SSL covers."""
    zones = sorted(zones)
    mistakes: list[SettingIssue] = []
    for number, route in routes:
        key, zone = f"{PREFIX}routes[{number}].hostname", zone_of(route.hostname, zones)
        if zone is None and route.dns == "none":
            continue  # somebody else's name: neither its record nor its certificate is ours
        if zone is None:
            why = "it is in none of the zones, so it can have no record"
            accepted = f"a hostname in {' or '.join(zones)}"
            mistakes.append(SettingIssue.of(key, route.hostname, why, accepted, references.CLOUDFLARE_RECORDS))
        elif route.hostname.count(".") > zone.count(".") + 1 and not route.advanced_certificate:
            why = f"Universal SSL covers {zone} and one label below, so browsers would reject it"
            accepted = f"one label below {zone}, or advancedCertificate: true where the zone has such a certificate"
            mistakes.append(SettingIssue.of(key, route.hostname, why, accepted, references.CLOUDFLARE_CERTIFICATES))
    return mistakes
