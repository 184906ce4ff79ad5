"""`docs/settings.md`: tables of all settings, generated from the settings."""

import textwrap
from collections.abc import Iterator
from typing import Any

import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from settings import Settings
from settings.errors import PREFIX
from settings.json_schema import json_schema
from settings.schema import Options, group_in, yaml_key

HEAD = """# Settings

Every key of a `Pulumi.<stack>.yaml`, generated from the code by `make generate`. A link under *accepted* leads to the
page that the rule comes from. Every mistake is reported before anything is changed, all at once, with its line in the
stack file; `python -m sandbox check --stack dev` does only that. For completion and checks while you type, stack files
name `culvert.schema.json` in their first line, which editors with the
[YAML language server](https://github.com/redhat-developer/yaml-language-server) read.
"""
COLUMNS = ("key", "type", "default", "meaning", "accepted", "example")


def page() -> str:
    """The whole page."""
    parts = [HEAD]
    for key, group in _groups("", Settings):
        about = textwrap.fill(
            " ".join((group.__doc__ or "").split()), 120, break_long_words=False, break_on_hyphens=False
        )
        title = f"`{PREFIX}{key}`" if key else f"Keys under `{PREFIX}`"
        parts.append("\n".join([f"## {title}", "", *([about, ""] if key else []), *_table(group), ""]))
    return "\n".join(parts)


def _groups(key: str, model: type[Options]) -> Iterator[tuple[str, type[Options]]]:
    """A group of settings and the groups in it, each under its key: `routes[].backend`."""
    yield key, model
    properties = json_schema(model)["properties"]
    for name, field in model.model_fields.items():
        if inner := group_in(field.annotation):
            many = "[]" if _type(properties[yaml_key(name, field)]) == "list" else ""
            yield from _groups(f"{key}.{yaml_key(name, field)}{many}".removeprefix("."), inner)


def _table(model: type[Options]) -> list[str]:
    properties = json_schema(model)["properties"]
    rows = [COLUMNS, ("---",) * len(COLUMNS)]
    rows += [_row(key, properties[key], field) for key, field in _fields(model)]
    return [f"| {' | '.join(row)} |" for row in rows]


def _fields(model: type[Options]) -> Iterator[tuple[str, FieldInfo]]:
    return ((yaml_key(name, field), field) for name, field in model.model_fields.items())


def _row(key: str, schema: dict[str, Any], field: FieldInfo) -> tuple[str, ...]:
    return (
        f"`{key}`",
        _type(schema),
        _default(field),
        _text(schema["description"]),
        f"[{_text(schema['x-accepted'])}]({schema['x-source']})",
        ", ".join(_code(example) for example in schema["examples"]),
    )


def _type(schema: dict[str, Any]) -> str:
    kinds = [_kind(part) for part in schema.get("anyOf", [schema])]
    return " or ".join(dict.fromkeys(kind for kind in kinds if kind))


def _kind(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return "object"
    names = {"array": "list", "null": ""}
    return names.get(schema["type"], str(schema["type"]))


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    if field.default is None:
        return ""
    return "" if isinstance(field.default, BaseModel) else _code(field.default)


def _code(value: Any) -> str:
    value = list(value) if isinstance(value, tuple) else value
    text = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=1000)
    return f"`{text.removesuffix('...' + chr(10)).strip()}`".replace("|", "\\|")


def _text(text: str) -> str:
    return text.replace("|", "\\|").replace("*", "\\*")
