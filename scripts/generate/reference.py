"""`docs/settings.md`: an entry for each setting, generated from the settings."""

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

Every key of a `Pulumi.<stack>.yaml`, generated from the code by `make generate`. The link of *Accepted* leads to the
page that the rule comes from. Every mistake is reported before anything is changed, all at once, with its line in the
stack file; `python -m sandbox check --stack dev` does only that. For completion and checks while you type, stack files
name `culvert.schema.json` in their first line, which editors with the
[YAML language server](https://github.com/redhat-developer/yaml-language-server) read.
"""


def page() -> str:
    """The whole page."""
    return "\n".join((HEAD, *_sections()))


def _sections() -> Iterator[str]:
    for key, group in _groups("", Settings):
        yield f"## `{PREFIX}{key}`\n" if key else f"## Keys under `{PREFIX}`\n"
        if key:
            yield f"{_wrapped(group.__doc__ or '')}\n"
        properties = json_schema(group)["properties"]
        for name, field in group.model_fields.items():
            spelled = yaml_key(name, field)
            yield from _entry(f"{key}.{spelled}".removeprefix("."), properties[spelled], field)


def _groups(key: str, model: type[Options]) -> Iterator[tuple[str, type[Options]]]:
    """A group of settings and the groups in it, each under its key: `routes[].backend`."""
    yield key, model
    properties = json_schema(model)["properties"]
    for name, field in model.model_fields.items():
        if inner := group_in(field.annotation):
            many = "[]" if _type(properties[yaml_key(name, field)]) == "list" else ""
            yield from _groups(f"{key}.{yaml_key(name, field)}{many}".removeprefix("."), inner)


def _entry(path: str, schema: dict[str, Any], field: FieldInfo) -> Iterator[str]:
    yield f"### `{path}`\n"
    kind = f"*{_type(schema)}{_default(field)}.*"
    yield _wrapped(f"{kind} {_text(schema['description'])}") + "\n"
    yield f"- Accepted: [{_text(schema['x-accepted'])}]({schema['x-source']})"
    yield f"- Example: {', '.join(_code(example) for example in schema['examples'])}\n"


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
        return ", required"
    if field.default is None or isinstance(field.default, BaseModel):
        return ""
    return f", {_code(field.default)} by default"


def _code(value: Any) -> str:
    value = list(value) if isinstance(value, tuple) else value
    text = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=1000)
    return f"`{text.removesuffix('...' + chr(10)).strip()}`"


def _text(text: str) -> str:
    return text.replace("*", "\\*")


def _wrapped(text: str) -> str:
    return textwrap.fill(" ".join(text.split()), 120, break_long_words=False, break_on_hyphens=False)
