"""Those options of the stack itself that are valid together."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from ops.migrate.existing_setup import SkippedItem, Values, with_value
from ops.migrate.input_object import Option
from ops.migrate.placeholders import REMEDY, placeholder
from settings import SettingIssue, Settings, SettingsError
from settings.errors import PREFIX


def with_valid_options(settings: Values, options: Iterable[Option]) -> tuple[Values, list[SkippedItem]]:
    """The settings with the options that are valid together, and what was skipped of the others.

    All are tried together, and those that an error is about are removed until there is none. Where no option is named,
    each is added that is valid beside those before, until none is: an option may need one that comes after it.
    """
    # Whether an option of the stack is valid does not depend on how many routes there are.
    sample = {**settings, "routes": settings["routes"][:1]}
    kept, skipped = list[Option](), list[SkippedItem]()
    for each in options:
        if isinstance(each.value, str) and (found := placeholder(each.value)):
            skipped.append(SkippedItem(each.place.key or each.key, f"{found} is a placeholder", REMEDY, each.place))
        else:
            kept.append(each)
    while issues := _issues(sample, kept):
        named = list(_concerned(issues, kept))
        if not named:
            kept, more = _tried_one_by_one(sample, kept)
            skipped += more
            break
        skipped += [SkippedItem.rejected(each.place.key or each.key, issue, each.place) for each, issue in named]
        rejected = {id(each) for each, _ in named}
        kept = [each for each in kept if id(each) not in rejected]
    return _with(settings, kept), skipped


def _tried_one_by_one(sample: Values, options: list[Option]) -> tuple[list[Option], list[SkippedItem]]:
    kept, waiting, before = list[Option](), options, -1
    while len(kept) > before:
        before, left = len(kept), list[Option]()
        for each in waiting:
            (left if _issues(sample, [*kept, each]) else kept).append(each)
        waiting = left
    rejected = [(each, _issues(sample, [*kept, each])[0]) for each in waiting]
    return kept, [SkippedItem.rejected(each.place.key or each.key, issue, each.place) for each, issue in rejected]


def _concerned(issues: list[SettingIssue], options: list[Option]) -> Iterator[tuple[Option, SettingIssue]]:
    """The options that an issue is about, each with the first one. Options of one key are items of a list, of which an
    issue names one by its index."""
    items: dict[str, int] = {}
    repeated = {key for key, count in Counter(each.key for each in options).items() if count > 1}
    for option in options:
        paths = [option.key]
        if option.key in repeated:
            first = items.get(option.key, 0)
            items[option.key] = first + (len(option.value) if isinstance(option.value, list) else 1)
            paths = [f"{option.key}[{index}]" for index in range(first, items[option.key])]
        pattern = re.compile(rf"{PREFIX}({'|'.join(map(re.escape, paths))})(?![^.\[])")
        if paths and (issue := next((each for each in issues if pattern.match(each.key)), None)):
            yield option, issue


def _issues(sample: Values, options: list[Option]) -> list[SettingIssue]:
    try:
        Settings.parse(_with(sample, options))
    except SettingsError as error:
        return error.issues
    return []


def _with(settings: Values, options: list[Option]) -> Values:
    for each in options:
        settings = with_value(settings, each.key, each.value)
    return settings
