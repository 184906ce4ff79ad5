"""pydantic's errors in our words."""

from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from settings import sources
from settings.mistakes import PREFIX, Mistake


def translated(model: Any, data: Any, error: ValidationError) -> list[Mistake]:
    """The mistakes in a ValidationError of `model`, which was given `data`."""
    return [_mistake(model, data, dict(detail)) for detail in error.errors(include_url=False)]


def key_of(location: tuple[Any, ...], data: Any) -> str:
    """A place as it is written in a stack file; where a text or a switch stands for an object, the place is that text's."""
    key = ""
    for part in location:
        if part == "[key]" or not isinstance(data, (dict, list, tuple, type(None))):
            break
        key += f"[{part}]" if isinstance(part, int) else f".{part}" if "." not in str(part) else f'["{part}"]'
        try:
            data = data[part]
        except (KeyError, IndexError, TypeError):
            data = None
    return PREFIX + key.removeprefix(".")


def _mistake(model: Any, data: Any, detail: dict[str, Any]) -> Mistake:
    location, context = detail["loc"], detail.get("ctx", {})
    if up := context.get("up", 0):
        location = location[:-up]
    key = key_of(location, data)
    if detail["type"] == "refused":
        value = context.get("value", detail["input"])
        return Mistake.of(key, value, context["why"], context["accepted"], context["source"])
    owner, field = _field(model, location)
    if detail["type"] == "extra_forbidden":
        known = [info.alias or name for name, info in owner.model_fields.items()]
        close = get_close_matches(str(location[-1]), known, 1)
        hint = f" (did you mean {close[0]}?)" if close else ""
        return Mistake.of(
            key,
            detail["input"],
            f"there is no such setting{hint}",
            "one of " + ", ".join(known),
            sources.PULUMI_CONFIGURATION,
        )
    extra = field.json_schema_extra if field and isinstance(field.json_schema_extra, dict) else {}
    accepted = str(extra.get("x-accepted", detail["msg"]))
    source = str(extra.get("x-source", sources.PULUMI_CONFIGURATION))
    if detail["type"] == "missing":
        return Mistake.of(key, None, "it is missing", accepted, source)
    return Mistake.of(key, detail["input"], detail["msg"][0].lower() + detail["msg"][1:], accepted, source)


def _field(model: Any, location: tuple[Any, ...]) -> tuple[type[BaseModel], FieldInfo | None]:
    """The group a place is in and the field it is, as far as the models know the place."""
    field = None
    for part in location:
        found = next((info for name, info in model.model_fields.items() if (info.alias or name) == part), None)
        if found is None:
            continue
        field, inner = found, _model(found.annotation)
        if part is not location[-1] and inner is not None:
            model = inner
    return model, field


def _model(annotation: Any) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for argument in get_args(annotation) if (found := _model(argument))), None)
