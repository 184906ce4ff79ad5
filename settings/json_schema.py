"""JSON Schema of the settings, with descriptions from the docstrings under the fields.

Imported by what generates files and schemas, never by `settings` itself: reading source code would delay every start.
"""

import ast
import inspect
import sys
from collections.abc import Iterator
from functools import cache
from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from settings.model import Settings
from settings.schema import Accepts, Options, accepts, field_type, group_in, yaml_key


def json_schema(model: type[Options] = Settings) -> dict[str, Any]:
    """pydantic's schema of a group, each key with `description`, `examples`, `x-accepted` and `x-source`."""
    schema = model.model_json_schema()
    for group in groups(model):
        properties = (schema if group is model else schema["$defs"][group.__name__])["properties"]
        for name, field in group.model_fields.items():
            rule = described(group, field)
            properties[yaml_key(name, field)] |= {
                "description": description(group, name),
                "examples": list(rule.examples),
                "x-accepted": rule.accepted,
                "x-source": rule.source,
            }
    return schema


def groups(model: type[Options]) -> Iterator[type[Options]]:
    """A group of settings and every group in it, each once."""
    found = [model]
    for group in found:
        inner = (group_in(field.annotation) for field in group.model_fields.values())
        found += [each for each in inner if each and each not in found]
    return iter(found)


def described(group: type[Options], field: FieldInfo) -> Accepts:
    """What a field accepts, with a source and an example; those that no type states follow from group and default."""
    annotation = field_type(field)
    rule = accepts(annotation)
    return Accepts(rule.accepted, rule.source or group.SOURCE, rule.examples or _implied_examples(annotation, field))


def _implied_examples(annotation: Any, field: FieldInfo) -> tuple[Any, ...]:
    if bool in _leaves(annotation):
        return (True,)
    if field.default and not field.is_required():
        default = field.default
        return (list(default) if isinstance(default, tuple) else default,)
    return next((get_args(part)[:1] for part in _leaves(annotation) if get_origin(part) is Literal), ())


def _leaves(annotation: Any) -> Iterator[Any]:
    yield annotation
    if get_origin(annotation) is not Literal:
        for part in get_args(annotation):
            yield from _leaves(part)


def description(group: type[Options], name: str) -> str:
    """The docstring under a field, on one line."""
    owner = next(each for each in group.__mro__ if name in inspect.get_annotations(each))
    return _docstrings(owner)[name]


def _docstrings(group: type) -> dict[str, str]:
    definition = _classes(group.__module__)[group.__name__]
    found: dict[str, str] = {}
    for statement, following in zip(definition.body, definition.body[1:], strict=False):
        if (
            isinstance(statement, ast.AnnAssign)
            and isinstance(statement.target, ast.Name)
            and isinstance(following, ast.Expr)
            and isinstance(following.value, ast.Constant)
        ):
            found[statement.target.id] = " ".join(str(following.value.value).split())
    return found


@cache
def _classes(module: str) -> dict[str, ast.ClassDef]:
    source = inspect.getsource(sys.modules[module])
    return {node.name: node for node in ast.parse(source).body if isinstance(node, ast.ClassDef)}
