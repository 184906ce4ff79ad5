"""An existing setup: what the input contains, in the terms of cloudflared, which every reader has in common."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ops.migrate.input_object import NOWHERE, Option, Place
from settings import KubernetesService, SettingIssue
from settings.plain_text import shortened

Values = dict[str, Any]


@dataclass(frozen=True)
class SkippedItem:
    """An item that was not migrated as is, with the reason and what to do about it.

    `requests` names the rules that it is about, where `item` is one of their keys.
    """

    item: str
    reason: str
    remedy: str
    place: Place = NOWHERE
    requests: tuple[str, ...] = ()

    @classmethod
    def rejected(cls, item: str, issue: SettingIssue, place: Place = NOWHERE) -> "SkippedItem":
        """An item that is not valid in a stack file."""
        return cls(item, issue.problem, f"use {issue.accepted}", place)

    def __str__(self) -> str:
        item, reason, remedy = (shortened(text, 600) for text in (self.item, self.reason, self.remedy))
        where = f"{self.place}: " if self.place.line else ""
        more = len(self.requests) - 3
        named = ", ".join((*self.requests[:3], *([f"{more} more"] if more > 0 else []), ""))
        return f"{where}{shortened(named, 300)}{item}: {reason}\n  What to do: {remedy}"


def merged(items: Iterable[SkippedItem]) -> list[SkippedItem]:
    """The items in the order of the input, each once: one that several rules share, as through an anchor of YAML, names
    them all. Items without a line come last."""
    found: dict[SkippedItem, list[str]] = {}
    for each in items:
        shared = replace(each, place=replace(each.place, key=""), requests=()) if each.requests else each
        found.setdefault(shared, []).extend(each.requests)
    items = [replace(each, requests=tuple(dict.fromkeys(names))) for each, names in found.items()]
    sources = {each.place.source: number for number, each in reversed(list(enumerate(items)))}
    return sorted(items, key=lambda each: (not each.place.line, sources[each.place.source], each.place.line))


@dataclass(frozen=True)
class IngressRule:
    """A rule as cloudflared applies it, in the order in which it does.

    `hostname` and `path` (an expression of Go) are empty for any; `service` is a URL, or what else cloudflared takes
    (`http_status:404`, `hello_world`, `unix:…`, `bastion`). `origin` has the keys of the rule's own `originRequest`,
    `inherited` those of its tunnel, where these are not the setup's `defaults`.
    `settings` are further keys of a stack file's route, by path (`dns`), with the values that they have there.
    `namespace` is what a bare name in `service` means: that of the pod that runs cloudflared, empty where it does not
    run in a cluster.
    """

    hostname: str
    service: str
    path: str = ""
    origin: tuple[Option, ...] = ()
    settings: tuple[Option, ...] = ()
    namespace: str = ""
    place: Place = NOWHERE
    inherited: tuple[Option, ...] = ()

    @property
    def name(self) -> str:
        """The requests that match, for messages."""
        return f"{self.hostname or '*'} {self.path}".strip()

    def at_any_path(self) -> "IngressRule":
        """The rule for every path of its hostname."""
        return replace(self, path="")


@dataclass
class ExistingSetup:
    """Everything that the input contains of one tunnel, or of several that are merged.

    `title` names the file or the objects that it is from, and `name` is the tunnel's, empty where it is not known.
    `remote` says that its rules are at Cloudflare, and not all in the input; `namespace` is that of
    its connectors, where it is known.
    `rules` are all of them, with those for any hostname; `defaults` the keys of the tunnel's own `originRequest`;
    `settings` keys of a stack file by path (`connector.protocol`), with the values that they have there, a list for
    each item of a list. `services` are the Services in the input, by `namespace/name`. `from_api` says that the rules
    are as Cloudflare's API has them, in which durations are whole seconds.
    """

    title: str = ""
    name: str = ""
    remote: bool = False
    namespace: str = ""
    account_id: str | None = None
    zones: dict[str, str | None] = field(default_factory=dict)
    rules: list[IngressRule] = field(default_factory=list)
    defaults: list[Option] = field(default_factory=list)
    settings: list[Option] = field(default_factory=list)
    services: dict[str, KubernetesService] = field(default_factory=dict)
    from_api: bool = False
    skipped: list[SkippedItem] = field(default_factory=list)

    def take_connectors(self, other: "ExistingSetup") -> None:
        """Adds the connectors of a tunnel whose rules are these."""
        self.account_id = self.account_id or other.account_id
        self.namespace = self.namespace or other.namespace
        self.settings += other.settings
        self.skipped += other.skipped
        self.rules = [replace(rule, namespace=other.namespace) for rule in self.rules]


@dataclass(frozen=True)
class CandidateRoute:
    """A rule with the keys of a stack file.

    `options` are further keys that may not all be valid, by their path (`dns`).
    """

    rule: IngressRule
    route: Values
    options: Values = field(default_factory=dict)


@dataclass(frozen=True)
class LeftOut:
    """A rule that does not become a route, with the reason."""

    rule: IngressRule
    item: SkippedItem


def with_value(values: Mapping[str, Any], path: str, value: Any) -> Values:
    """A copy with one more key. The items of a list are added to those that are there."""
    key, _, rest = path.partition(".")
    inner = values.get(key) or {}
    if rest:
        return {**values, key: with_value(inner, rest, value)}
    both = isinstance(inner, list) and isinstance(value, list)
    return {**values, key: [*inner, *value] if both else value}
