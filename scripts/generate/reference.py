"""`docs/settings.md`: every setting in a table, made from the settings."""

from collections.abc import Iterator
from typing import Any, get_args

import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from settings import Settings
from settings.errors import PREFIX

HEAD = """# Settings

Every key of a `Pulumi.<stack>.yaml`, made from the code by `make generate`. A link under *accepted* leads to where the rule comes from.
Whatever is wrong is reported before anything is made, all at once: `python -m sandbox check --stack dev` does only that. For completion and
checks while you type, stack files name `culvert.schema.json` in their first line, which editors with the
[YAML language server](https://github.com/redhat-developer/yaml-language-server) read.
"""
COLUMNS = ("key", "type", "default", "meaning", "accepted", "example")
TYPES = {"string": "text", "integer": "integer", "boolean": "boolean", "array": "list", "object": "object"}


def page() -> str:
    """The whole page."""
    parts = [HEAD]
    for key, group in _groups("", Settings):
        about = " ".join((group.__doc__ or "").split())
        title = f"`{PREFIX}{key}`" if key else f"Keys under `{PREFIX}`"
        parts.append("\n".join([f"## {title}", "", *([about, ""] if key else []), *_table(group), ""]))
    return "\n".join(parts)


def _groups(key: str, model: type[BaseModel]) -> Iterator[tuple[str, type[BaseModel]]]:
    """A group of settings and the groups in it, each under its key: `routes[].backend`."""
    yield key, model
    for name, field in model.model_fields.items():
        if inner := _group(field.annotation):
            many = "[]" if _type(model, name) == "list" else ""
            yield from _groups(f"{key}.{_alias(name, field)}{many}".removeprefix("."), inner)


def _table(model: type[BaseModel]) -> list[str]:
    rows = [COLUMNS, ("---",) * len(COLUMNS)]
    rows += [_row(model, name, field) for name, field in model.model_fields.items()]
    return [f"| {' | '.join(row)} |" for row in rows]


def _row(model: type[BaseModel], name: str, field: FieldInfo) -> tuple[str, ...]:
    extra: Any = field.json_schema_extra
    return (
        f"`{_alias(name, field)}`",
        _type(model, name),
        _default(field),
        _text(field.description or ""),
        f"[{_text(extra['x-accepted'])}]({extra['x-source']})",
        ", ".join(_code(example) for example in field.examples or ()),
    )


def _type(model: type[BaseModel], name: str) -> str:
    schema = model.model_json_schema()
    field = model.model_fields[name]
    found = schema["properties"][_alias(name, field)]
    kinds = [_kind(part) for part in found.get("anyOf", [found])]
    return " or ".join(dict.fromkeys(kind for kind in kinds if kind))


def _kind(schema: dict[str, Any]) -> str:
    return TYPES["object"] if "$ref" in schema else TYPES.get(schema["type"], "")


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    if field.default is None:
        return ""
    return "" if isinstance(field.default, BaseModel) else _code(field.default)


def _group(annotation: Any) -> type[BaseModel] | None:
    """The group of settings that an annotation holds, if it does."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((group for argument in get_args(annotation) if (group := _group(argument))), None)


def _alias(name: str, field: FieldInfo) -> str:
    return field.alias or name


def _code(value: Any) -> str:
    value = list(value) if isinstance(value, tuple) else value
    text = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=1000)
    return f"`{text.removesuffix('...' + chr(10)).strip()}`".replace("|", "\\|")


def _text(text: str) -> str:
    return text.replace("|", "\\|").replace("*", "\\*")
