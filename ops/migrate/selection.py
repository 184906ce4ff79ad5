"""The tunnel that becomes a stack, of those in the input."""

from dataclasses import replace
from typing import Any

from ops.errors import OperatorError
from ops.migrate.candidates import is_final_404
from ops.migrate.existing_setup import ExistingSetup, IngressRule, SkippedItem
from ops.migrate.input_object import NOWHERE, Option, shown
from ops.migrate.origins import DURATIONS
from settings.plain_text import shortened


def select(setups: list[ExistingSetup], name: str | None, merge: bool) -> ExistingSetup:
    """The setup to convert: the one whose tunnel or title is `name`; the only one that has rules; or all, merged.

    Raises OperatorError where none or several are left.
    """
    matching = [each for each in setups if name in (None, each.name, each.title)]
    if name and not matching:
        raise OperatorError(f"there is no tunnel {name} in the input, which has {_listed(setups) or 'none'}")
    with_rules = [each for each in matching if any(rule.hostname for rule in each.rules)]
    candidates = with_rules or [each for each in matching if each.rules] or matching
    if len(candidates) > 1 and not merge:
        remedy = "select one with --tunnel NAME, or make one stack of all with --merge"
        raise OperatorError(f"there are {len(candidates)} tunnels, {_listed(candidates)}: {remedy}")
    if not candidates:
        return ExistingSetup()
    found = candidates[0] if len(candidates) == 1 else _merged(candidates)
    # What is known of a tunnel without rules, such as where these are.
    found.skipped += [item for each in matching if each not in candidates for item in each.skipped]
    return found


def _listed(setups: list[ExistingSetup]) -> str:
    names = [
        f"{each.name} ({each.title})" if each.name and each.name not in each.title else each.title for each in setups
    ]
    return shortened(", ".join(names), 600)


def _merged(setups: list[ExistingSetup]) -> ExistingSetup:
    """One setup with the rules of all: what a tunnel states for all its rules then holds for each of them."""
    accounts = {each.account_id: each.title for each in setups if each.account_id}
    if len(accounts) > 1:
        listed = ", ".join(f"{account} ({title})" for account, title in accounts.items())
        raise OperatorError(f"the tunnels are in {len(accounts)} accounts, {listed}: select one with --tunnel NAME")
    found = ExistingSetup("all tunnels", services=setups[0].services, account_id=next(iter(accounts), None))
    final: list[IngressRule] = []
    for setup in setups:
        found.zones |= setup.zones
        found.skipped += setup.skipped
        for rule in setup.rules:
            if is_final_404(setup, rule):
                final = [rule]
            else:
                found.rules.append(_with_defaults(rule, setup))
    found.rules += final
    _merge_settings(found, setups)
    reason = f"the routes of {len(setups)} tunnels become one stack with one tunnel: {_listed(setups)}"
    remedy = "run this command again with --tunnel NAME for each to keep them apart"
    found.skipped.insert(0, SkippedItem("--merge", reason, remedy, NOWHERE))
    return found


def _merge_settings(found: ExistingSetup, setups: list[ExistingSetup]) -> None:
    """Adds the settings of all; of one that has several values, the first."""
    first: dict[str, Option] = {}
    for option in (each for setup in setups for each in setup.settings):
        earlier = first.setdefault(option.key, option)
        if earlier is option or isinstance(option.value, list):
            found.settings.append(option)
        elif earlier.value != option.value:
            reason = f"it is {shown(option.value)} here, and {shown(earlier.value)} at {earlier.place}, which is kept"
            remedy = "set the value that suits the connectors of all"
            found.skipped.append(SkippedItem(option.key, reason, remedy, option.place))


def _with_defaults(rule: IngressRule, setup: ExistingSetup) -> IngressRule:
    origin, inherited = rule.origin, tuple(setup.defaults)
    if setup.from_api:
        origin, inherited = tuple(map(_from_api, origin)), tuple(map(_from_api, inherited))
    return replace(rule, origin=origin, inherited=inherited)


def _from_api(option: Option) -> Option:
    """The option as a file has it: of durations, which alone are numbers to the API, as text with their unit."""
    value: Any = option.value
    if option.key in DURATIONS and isinstance(value, int) and not isinstance(value, bool):
        value = f"{value}s"
    return replace(option, value=value)
