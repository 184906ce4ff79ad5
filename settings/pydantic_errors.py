"""pydantic's errors as issues of the settings."""

import re
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from settings import references
from settings.errors import MISSING, PREFIX, REDACTED, REJECTED, SettingIssue, truncate
from settings.key_paths import closest_key, place_of
from settings.pod_spec.fields import NESTED
from settings.schema import Accepts, Group, accepts, fields_in, types_along, yaml_keys

PROBLEMS = {
    "string_type": "must be a string",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "bool_type": "must be true or false",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "literal_error": "must be {accepted}",
    "too_short": "must not be empty",
    "too_long": "must have at most {max_length} items",
    "model_type": "must be an object",
    "dict_type": "must be an object",
    "tuple_type": "must be a list",
}


SECRET_NAME = re.compile("token|secret|password|key", re.IGNORECASE)
"""Names of keys whose value may be a secret."""
SWITCHES = {
    **dict.fromkeys(("true", "yes", "on", "y", "enabled", "enable", "1"), "true"),
    **dict.fromkeys(("false", "no", "off", "n", "disabled", "disable", "none", "0"), "false"),
}
"""How other tools write switches."""


def issues_of(model: type[Group], data: Any, error: ValidationError) -> list[SettingIssue]:
    """The issues in a ValidationError of `model` about `data`."""
    details = [dict(detail) for detail in error.errors(include_url=False)]
    # pydantic also reports a list as too short when each of its items is invalid.
    kept = [detail for detail in details if detail["type"] != "too_short" or not detail["input"]]
    return [issue for detail in kept for issue in _issues(model, data, detail)]


def _issues(model: type[Group], data: Any, detail: dict[str, Any]) -> list[SettingIssue]:
    if detail["type"] != NESTED:
        return [_issue(model, data, detail)]
    key, value = key_and_value(tuple(detail["loc"]), data)
    inner = issues_of(detail["ctx"]["group"], value, detail["ctx"]["error"])
    return [replace(issue, key=_joined(key, issue.key.removeprefix(PREFIX))) for issue in inner]


def _joined(key: str, rest: str) -> str:
    return f"{key}{rest if not rest or rest.startswith('[') else f'.{rest}'}"


def _issue(model: type[Group], data: Any, detail: dict[str, Any]) -> SettingIssue:
    path, context = tuple(detail["loc"]), detail.get("ctx", {})
    if up := context.get("up", 0):
        path = path[:-up]
    if path[-1:] == ("[key]",):  # an invalid key of a mapping, which pydantic adds to the key itself
        (*parent, value, _), path = path, path[:-1]
        key, _ = key_and_value(path, data)
        group, rule = rule_at(model, (*parent, "[key]"))
    else:
        key, value = key_and_value(path, data)
        group, rule = rule_at(model, path)
    if detail["type"] == "extra_forbidden":
        return _unknown(model, group, key, str(path[-1]), value)
    if detail["type"] == "missing":
        return SettingIssue.of(key, MISSING, "", rule.accepted, rule.source)
    if detail["type"] == REJECTED:
        accepted, source = context["accepted"] or rule.accepted, context["source"] or rule.source
        return SettingIssue.of(key, context.get("value", value), context["problem"], accepted, source)
    if spelling := _spelling(detail):
        return SettingIssue.of(key, value, spelling, rule.accepted, rule.source)
    template = PROBLEMS.get(detail["type"]) or str(detail["msg"]).replace("{", "{{").replace("}", "}}")
    problem = template.format(**{**context, "accepted": rule.accepted})
    return SettingIssue.of(key, value, problem, rule.accepted, rule.source)


def _spelling(detail: dict[str, Any]) -> str:
    """The problem of a value that has only another notation, with the right one; else empty."""
    kind, given = detail["type"], detail["input"]
    if kind == "int_type" and isinstance(given, str) and re.fullmatch(r"-?[0-9]{1,9}", given):
        return f"must be a whole number: {int(given)}, without quotes"
    if kind == "bool_type" and str(given).lower() in SWITCHES:
        switch = SWITCHES[str(given).lower()]
        return f"must be true or false: {switch}{', without quotes' if given == switch else ''}"
    if kind == "tuple_type" and isinstance(given, (str, int)) and not isinstance(given, bool) and given != "":
        items = re.split(r"\s*,\s*", str(given)) if "," in str(given) else [str(given)]
        return f"must be a list: [{truncate(', '.join(items)).strip(chr(34))}]"
    if kind == "tuple_type" and isinstance(given, dict) and given:
        return f"must be a list: write a hyphen before {next(iter(given))}, and indent the lines after it alike"
    if kind in ("model_type", "dict_type") and isinstance(given, (list, tuple)) and given:
        first = str(next(iter(given[0])) if isinstance(given[0], dict) and given[0] else given[0])
        # A longer one is no key, and may be a secret.
        return f"must be an object: write {f'{first}: …' if len(first) <= 40 else 'its keys'} without a hyphen"
    if kind == "model_type" and given is None:
        return "must be an object: indent its keys further than the key itself, or leave it out"
    return ""


def rule_at(model: type[Group], path: tuple[Any, ...]) -> tuple[type[Group], Accepts]:
    """The group that the last part of a path is a key of, and what the innermost type with a rule accepts."""
    group, found = model, Accepts()
    for index, annotation in enumerate(types_along(model, path)):
        rule = accepts(annotation)
        if rule.accepted:
            found = Accepts(rule.accepted, rule.source or group.SOURCE)
        if index < len(path) - 1:
            group = fields_in(annotation) or group
    return group, found if found.accepted else Accepts("an object", group.SOURCE)


def _unknown(model: type[Group], group: type[Group], key: str, name: str, value: Any) -> SettingIssue:
    known = yaml_keys(group)
    close = closest_key(known, name)
    first, _, rest = name.partition(".")
    if close.lower() == name.replace("_", "").lower():
        nearest = f" (did you mean {close}?)"
    elif rest and first in known:
        nearest = f" (a path; write {rest.rpartition('.')[2]} below {PREFIX}{first}, indented)"
    elif place := place_of(model, name):
        nearest = f" here (it belongs elsewhere: {place})"
    else:
        nearest = f" (did you mean {close}?)" if close else ""
    # A misplaced secret must not be printed.
    shown = REDACTED if SECRET_NAME.search(name) else value
    issue = SettingIssue.of(key, shown, "", f"one of {', '.join(known)}", references.PULUMI_CONFIGURATION)
    problem = f"is an unknown setting{nearest}, set to {issue.problem.strip()}"
    return SettingIssue(key, issue.value, problem, issue.accepted, issue.source)


def key_and_value(path: tuple[Any, ...], data: Any) -> tuple[str, Any]:
    """A path as in a stack file, and the value there.

    Where a string or a switch stands for an object (`namespace: blog`), the path ends at it.
    """
    key = ""
    for part in path:
        if data is not MISSING and not isinstance(data, (dict, list, tuple)):
            break
        key += f"[{part}]" if isinstance(part, int) else f".{part}" if "." not in part else f'["{part}"]'
        try:
            data = data[part]
        except (KeyError, IndexError, TypeError):
            data = MISSING
    return PREFIX + key.removeprefix("."), data
