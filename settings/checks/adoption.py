"""Checks of adopted DNS records."""

from collections.abc import Iterable, Iterator

from settings import references
from settings.checks.partial import Numbered
from settings.errors import PREFIX, SettingIssue


def adoption_conflicts(routes: Iterable[Numbered]) -> Iterator[SettingIssue]:
    """Hostnames that adopt two records or, with dns: none, have none; and records adopted for two hostnames."""
    source = references.CLOUDFLARE_RECORDS
    records: dict[str, tuple[int, str]] = {}
    hostnames: dict[str, tuple[int, str]] = {}
    for number, route in routes:
        if not route.adopt:
            continue
        key = f"{PREFIX}routes[{number}].adopt"
        if route.dns == "none":
            problem = "has no effect: with dns: none the stack has no record for the hostname"
            yield SettingIssue.of(key, route.adopt, problem, "one of adopt and dns: none", source)
        first, hostname = records.setdefault(route.adopt, (number, route.hostname))
        if hostname != route.hostname:
            problem = f"is adopted by routes[{first}] for {hostname}"
            yield SettingIssue.of(key, route.adopt, problem, "each record once", source)
        first, record = hostnames.setdefault(route.hostname, (number, route.adopt))
        if record != route.adopt:
            problem = f"contradicts routes[{first}], which adopts another record for the same hostname"
            yield SettingIssue.of(key, route.adopt, problem, "one record a hostname", source)
