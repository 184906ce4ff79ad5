"""Hostnames that several stacks of one project declare: each has one DNS record, so only one stack can be up with
it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from settings import Settings, SettingsError


@dataclass(frozen=True)
class SharedHostname:
    """A hostname for which the stack of `file`, beside the one asked about, makes a record of its own."""

    hostname: str
    file: str

    @property
    def message(self) -> str:
        return (
            f"{self.hostname} is also in {self.file}: it has one DNS record, so the second stack that is brought up is "
            "refused. Where that is meant: `dns: none` in the stack that makes no record, or `adopt` with the record's "
            "id to take it over"
        )


def shared_hostnames(file: Path, settings: Settings) -> list[SharedHostname]:
    """Hostnames of the stack in `file` that another stack file beside it declares too.

    Not those whose record is another one: with `dns: none` in one of the two stacks, in zones with different ids, or in
    other accounts; and not those that the stack adopts, which takes over a record by intention. Nothing is compared in
    a folder without a `Pulumi.yaml`: its stack files are not stacks of one project. Files with mistakes are left out.
    """
    if not (file.parent / "Pulumi.yaml").is_file():
        return []
    wanted = {name for name in records(settings) if not _adopts(settings, name)}
    found: list[SharedHostname] = []
    for other, theirs in _others(file):
        same = [name for name in records(theirs) if name in wanted and _same_zone(name, settings, theirs)]
        found += [SharedHostname(name, other.name) for name in same]
    return found


def records(settings: Settings) -> list[str]:
    """Hostnames that a stack answers for by a record, or by its load balancer."""
    balanced = [settings.load_balancer.hostname] if settings.load_balancer else []
    return [*settings.hostnames(), *balanced]


def _others(file: Path) -> Iterator[tuple[Path, Settings]]:
    for other in sorted(file.parent.glob("Pulumi.*.yaml")):
        if other.name == file.name:
            continue
        try:
            yield other, Settings.from_stack_file(other)
        except (OSError, SettingsError):
            continue


def _adopts(settings: Settings, hostname: str) -> bool:
    return any(route.adopt for route in settings.routes if route.hostname == hostname)


def _same_zone(hostname: str, one: Settings, other: Settings) -> bool:
    if one.account_id != other.account_id:
        return False
    ids = {settings.zones[settings.zone_of(hostname)] for settings in (one, other)} - {None}
    return len(ids) < 2
