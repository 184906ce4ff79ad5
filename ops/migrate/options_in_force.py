"""The origin options in force for each rule, as cloudflared resolves them: what a rule states holds over what the
tunnel states, also where it is false, 0 or empty."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ops.migrate import origins
from ops.migrate.existing_setup import ExistingSetup, IngressRule, SkippedItem, Values
from ops.migrate.input_object import Option, shown
from settings.options.origins import CONFLICTS, OPTIONS, SUPPORTED_SCHEMES, yaml_key

_ATTRIBUTES = {yaml_key(name): name for name in OPTIONS}
_SCHEMES = {key: SUPPORTED_SCHEMES[name] for key, name in _ATTRIBUTES.items()}
"""The schemes to which each key of `origin` applies."""


@dataclass(frozen=True)
class OptionInForce:
    """An option of a route. `values` are its keys in `origin`; `own` says that the rule states it, not the tunnel."""

    values: Values
    option: Option
    own: bool


InForce = dict[str, OptionInForce]
"""By the key of `origin`."""


class OriginOptions:
    """The options of every rule of a setup. What is not migrated as is, is added to the setup's `skipped`."""

    def __init__(self, setup: ExistingSetup) -> None:
        self._skipped, self._from_api = setup.skipped, setup.from_api
        self._defaults = {each.key: each for each in setup.defaults if each.value is not None}
        self._used: set[str] = set()
        of_merged = {each.place: each for rule in setup.rules for each in rule.inherited if each.value is not None}
        for option in (*self._defaults.values(), *of_merged.values()):
            reading = self._read(option, own=False)
            if reading.problem and not reading.name:
                self._used.add(option.key)
                self._skip(option, reading.problem, reading.remedy)

    def stated(self, rule: IngressRule, key: str) -> Option | None:
        """The option that is in force for a rule, as the user wrote it; None where neither states it."""
        found = (each for each in (*rule.origin, *rule.inherited) if each.key == key and each.value is not None)
        return next(found, self._defaults.get(key))

    def of(self, rule: IngressRule, scheme: str) -> InForce:
        """The options in force for a rule whose service has this scheme."""
        own = {each.key: each for each in rule.origin if each.value is not None}
        theirs = {each.key: each for each in rule.inherited if each.value is not None}
        inherited = {key: each for key, each in (self._defaults | theirs).items() if key not in own}
        found: InForce = {}
        problems: dict[str, tuple[Option, origins.Reading]] = {}
        for option in (*own.values(), *inherited.values()):
            reading, is_own = self._read(option, own=option.key in own), option.key in own
            if not reading.name:
                if is_own and reading.problem:
                    self._skip(option, reading.problem, reading.remedy, rule)
            elif scheme not in _SCHEMES[reading.name]:
                self._inapplicable(option, reading, is_own, scheme, rule)
            else:
                if reading.values:
                    found[reading.name] = OptionInForce(reading.values, option, is_own)
                if reading.problem:
                    problems[reading.name] = (option, reading)
        self._drop_overruled(found, problems, rule)
        for option, reading in problems.values():
            self._skip(option, reading.problem, reading.remedy, rule if option.key in own else None)
        self._used |= inherited.keys() & {option.key for option, _ in problems.values()}
        self._used |= {each.option.key for each in found.values() if not each.own}
        return found

    def report_unused(self) -> None:
        """Reports the tunnel's options that none of the routes has."""
        for key, option in self._defaults.items():
            reading = self._read(option, own=False)
            if key not in self._used and (reading.values or reading.problem):
                self._skip(option, "it has no effect on any of the routes", "leave it out")

    def _read(self, option: Option, *, own: bool) -> origins.Reading:
        return origins.read(option, own=own, from_api=self._from_api)

    def _inapplicable(
        self, option: Option, reading: origins.Reading, own: bool, scheme: str, rule: IngressRule
    ) -> None:
        if reading.name == "http2Origin" and scheme == "wss" and reading.values:
            self._used.add(option.key)
            reason = "over wss cloudflared uses HTTP/2 for requests without WebSockets, which a stack does not offer"
            self._skip(option, reason, "set it on a route to the same host with https", rule)
        elif own and (reading.values or reading.problem):
            self._skip(option, f"it has no effect with {scheme}", "leave it out", rule)

    def _drop_overruled(
        self, found: InForce, problems: dict[str, tuple[Option, origins.Reading]], rule: IngressRule
    ) -> None:
        """Drops the options that have no effect beside another, and says so where the rule itself states them."""
        for winner in [key for key in found if OPTIONS[_ATTRIBUTES[key]].conflicts]:
            for attribute in OPTIONS[_ATTRIBUTES[winner]].conflicts:
                loser = yaml_key(attribute)
                overruled = found.pop(loser, None)
                option = overruled.option if overruled else problems[loser][0] if loser in problems else None
                problems.pop(loser, None)
                if option and option in rule.origin:
                    reason = f"it has no effect beside {found[winner].option.key}"
                    self._skip(option, reason, "leave it out", rule)

    def _skip(self, option: Option, reason: str, remedy: str, rule: IngressRule | None = None) -> None:
        """`rule` is None for what concerns an option of the tunnel itself, which is then reported once."""
        key = (option.place.name or option.key) if rule else option.place.key or option.key
        item = SkippedItem(f"{key}: {shown(option.value)}", reason, remedy, option.place)
        self._skipped.append(replace(item, requests=(rule.name,)) if rule else item)


def divided(routes: Sequence[tuple[InForce, str]]) -> tuple[Values, list[Values]]:
    """`originDefaults` of the stack, and the `origin` of each route, with which exactly the options in force apply.
    Each route is given with its scheme.

    A tunnel's option stays a default of the stack unless a route that it would apply to cannot be without it.
    """
    defaults: Values = {}
    for found, _ in routes:
        defaults |= {key: value for each in found.values() if not each.own for key, value in each.values.items()}
    defaults = {key: value for key, value in defaults.items() if key not in ("noTlsVerify", "reason")}
    while True:
        own = [_own(found, scheme, defaults) for found, scheme in routes]
        unfit = {key for values in own for key, value in values.items() if value is None}
        # Those of which a route has one and another route the other.
        unfit |= {key for key in defaults if any(yaml_key(other) in defaults for other in CONFLICTS[_ATTRIBUTES[key]])}
        if not unfit:
            return defaults, own
        defaults = {key: value for key, value in defaults.items() if key not in unfit}


def _own(found: InForce, scheme: str, defaults: Values) -> Values:
    """The `origin` of one route beside these defaults. None stands for a default that the route cannot be without."""
    wanted: Values = {}
    for each in found.values():
        wanted |= each.values
    own = {key: value for key, value in wanted.items() if defaults.get(key) != value}
    for key in _inherited(own, scheme, defaults):
        if key not in wanted:
            own[key] = False if defaults[key] is True else None
    return own


def _inherited(own: Values, scheme: str, defaults: Values) -> Iterator[str]:
    """The defaults that apply to a route with these options."""
    for key in defaults:
        excluded: Iterable[Any] = (own.get(yaml_key(other)) for other in CONFLICTS[_ATTRIBUTES[key]])
        if scheme in _SCHEMES[key] and key not in own and not any(excluded):
            yield key
