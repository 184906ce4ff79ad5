"""pydantic's errors, told as mistakes in the settings."""

import re
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from settings import references
from settings.errors import MISSING, PREFIX, REDACTED, SettingIssue

REASONS = {
    "string_type": "it is no text",
    "int_type": "it is no whole number",
    "int_from_float": "it is no whole number",
    "bool_type": "it is neither true nor false",
    "greater_than_equal": "it is too small",
    "less_than_equal": "it is too large",
    "literal_error": "it is none of those known",
    "too_short": "it is empty",
    "model_type": "it is no object",
    "dict_type": "it is no object",
    "tuple_type": "it is no list",
}
Place = tuple[Any, ...]


def translated(model: type[BaseModel], data: Any, error: ValidationError) -> list[SettingIssue]:
    """The mistakes in a ValidationError of `model` about `data`."""
    details = [dict(detail) for detail in error.errors(include_url=False)]
    # pydantic calls a list too short when all that is in it is wrong.
    empty = [detail for detail in details if detail["type"] == "too_short" and detail["input"]]
    return [_mistake(model, data, detail) for detail in details if detail not in empty]


def _mistake(model: type[BaseModel], data: Any, detail: dict[str, Any]) -> SettingIssue:
    place: Place = tuple(part for part in detail["loc"] if part != "[key]")
    context = detail.get("ctx", {})
    if up := context.get("up", 0):
        place = place[:-up]
    key, value = _written(place, data)
    if detail["type"] == "refused":
        shown = context.get("value", value)
        return SettingIssue.of(key, shown, context["why"], context["accepted"], context["source"])
    group, field = _declared(model, place)
    if detail["type"] == "extra_forbidden":
        return _unknown(group, key, str(place[-1]), value)
    extra = field.json_schema_extra if field and isinstance(field.json_schema_extra, dict) else {}
    accepted, source = extra.get("x-accepted", "an object"), extra.get("x-source", references.PULUMI_CONFIGURATION)
    if detail["type"] == "missing":
        return SettingIssue.of(key, MISSING, "", str(accepted), str(source))
    if detail["type"] == "model_type" and isinstance(place[-1], int):
        accepted = "an object with " + ", ".join(_settings(group))
    return SettingIssue.of(key, value, REASONS.get(detail["type"]) or str(detail["msg"]), str(accepted), str(source))


def _unknown(group: type[BaseModel], key: str, name: str, value: Any) -> SettingIssue:
    known = _settings(group)
    folded = {setting.lower(): setting for setting in known}
    close = get_close_matches(name.replace("_", "").lower(), folded, 1)
    why = "there is no such setting" + (f", did you mean {folded[close[0]]}?" if close else "")
    # Whoever looks for a place to put a secret should not find it printed.
    shown = REDACTED if re.search(r"token|secret|password|key", name, re.IGNORECASE) else value
    return SettingIssue.of(key, shown, why, "one of " + ", ".join(known), references.PULUMI_CONFIGURATION)


def _written(place: Place, data: Any) -> tuple[str, Any]:
    """A place as a stack file has it, and what stands there.

    Where a text or a switch stands for an object (`namespace: blog`), the place is the text's.
    """
    key = ""
    for part in place:
        if data is not MISSING and not isinstance(data, (dict, list, tuple)):
            break
        key += f"[{part}]" if isinstance(part, int) else f".{part}" if "." not in part else f'["{part}"]'
        try:
            data = data[part]
        except (KeyError, IndexError, TypeError):
            data = MISSING
    return PREFIX + key.removeprefix("."), data


def _declared(model: type[BaseModel], place: Place) -> tuple[type[BaseModel], FieldInfo | None]:
    """The group that a place is in, and the field it is or is a part of."""
    field = None
    for index, part in enumerate(place):
        found = next((info for name, info in model.model_fields.items() if (info.alias or name) == part), None)
        if found is not None:
            field = found
            if index < len(place) - 1:
                model = options_in(found.annotation) or model
    return model, field


def _settings(group: type[BaseModel]) -> list[str]:
    return [info.alias or attribute for attribute, info in group.model_fields.items()]


def options_in(annotation: Any) -> type[BaseModel] | None:
    """The group of settings that a field of this type holds, if it holds one."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((group for argument in get_args(annotation) if (group := options_in(argument))), None)
