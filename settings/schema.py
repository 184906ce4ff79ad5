"""Declaration of settings: closed groups of fields, and what a type accepts.

A field is a name, a type, a default and a docstring. What is accepted, and the page that says so, belong to the type:

    ServiceName = Annotated[str, AfterValidator(service_name), Accepts("the name of a Service", source=SERVICES)]

Switches, enumerations, number ranges and groups need no words: what they accept follows from the type itself.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, ClassVar, Literal, Self, TypeVar, Union, get_args, get_origin

from annotated_types import Ge, Le, MinLen
from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.alias_generators import to_camel
from pydantic.fields import FieldInfo
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from settings import references

_building: list[type[BaseModel]] = []
"""The group whose validator is being built, if any."""
AnyGroup = TypeVar("AnyGroup", bound="Group")


class Group(BaseModel):
    """A closed, frozen group of fields, its keys in camelCase."""

    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=to_camel, defer_build=True)
    SOURCE: ClassVar[str] = references.PULUMI_CONFIGURATION
    """Page about the group; the source of each field whose type names none."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """The group's own validator, or as a part of another group, a call of it: what a stack file does not have is
        never built."""
        if _building:
            # By the reference, its JSON Schema is among the definitions.
            reference = f"{cls.__module__}.{cls.__qualname__}:{id(cls)}"
            return core_schema.no_info_plain_validator_function(cls.model_validate, ref=reference)
        _building.append(cls)
        try:
            return handler(source)
        finally:
            _building.pop()

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        if schema["type"] != "function-plain":
            return handler(schema)
        cls.model_rebuild()
        return handler(cls.__pydantic_core_schema__)


class Options(Group):
    """A group of settings."""

    @classmethod
    def defaults(cls) -> Self:
        """The group with every default. Not validated: building each group's validator would delay every start."""
        return cls.model_construct()


@dataclass(frozen=True, eq=False)  # hashable in spite of examples that are lists or objects, for `Type | None`
class Accepts:
    """What values of a type are accepted, in words, with a source (URL) and examples.

    A field's type can be annotated again to replace one of the three: the outermost wins.
    """

    accepted: str = ""
    source: str = ""
    examples: tuple[Any, ...] = ()


def Example(*values: Any) -> Accepts:
    """Examples of a field's values."""
    return Accepts(examples=values)


def accepts(annotation: Any) -> Accepts:
    """What a type accepts: the outermost words, source and examples, else those that follow from the type."""
    if get_origin(annotation) is not Annotated:
        return _implied(annotation, ())
    inner, *metadata = get_args(annotation)
    found = [part for part in reversed(metadata) if isinstance(part, Accepts)]
    found.append(_implied(inner, metadata))
    return Accepts(
        next((part.accepted for part in found if part.accepted), ""),
        next((part.source for part in found if part.source), ""),
        next((part.examples for part in found if part.examples), ()),
    )


def _implied(annotation: Any, metadata: Sequence[Any]) -> Accepts:
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return accepts(annotation)
    if origin in (Union, UnionType):
        return next((rule for part in args if (rule := accepts(part)).accepted or rule.examples), Accepts())
    if origin is Literal:
        return Accepts(one_of(args))
    if origin is tuple:
        item = accepts(args[0])
        some = any(isinstance(part, MinLen) for part in metadata)
        return Accepts(f"{'one or more' if some else 'a list'}, each {item.accepted}", item.source)
    if annotation is bool:
        return Accepts("true or false")
    if annotation is int:
        low = next((part.ge for part in metadata if isinstance(part, Ge)), None)
        high = next((part.le for part in metadata if isinstance(part, Le)), None)
        return Accepts("a whole number" if low is None or high is None else f"a whole number from {low} to {high}")
    if isinstance(annotation, type) and issubclass(annotation, Group):
        return Accepts(f"{{{', '.join(yaml_keys(annotation))}}}", annotation.SOURCE)
    return Accepts()


def one_of(values: Sequence[Any]) -> str:
    """An enumeration in words: one of a, b and c."""
    *others, last = map(str, values)
    return f"one of {', '.join(others)} and {last}" if others else last


def yaml_key(name: str, field: FieldInfo) -> str:
    """A field's key in a stack file."""
    return field.alias or name


def yaml_keys(group: type[BaseModel]) -> list[str]:
    """The keys of a group, as in a stack file."""
    return [yaml_key(name, field) for name, field in group.model_fields.items()]


def field_type(field: FieldInfo) -> Any:
    """A field's type with everything it is annotated with."""
    return Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation


def types_along(model: type[BaseModel], path: Sequence[Any]) -> Iterator[Any]:
    """The type of each part of a path: a key, a list index, or "[key]" for any key of a mapping.

    Ends at the first part that is not declared.
    """
    current: Any = model
    for part in path:
        current = _type_of_part(current, part)
        if current is None:
            return
        yield current


def _type_of_part(annotation: Any, part: Any) -> Any:
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _type_of_part(args[0], part)
    if origin in (Union, UnionType):
        return next((found for each in args if (found := _type_of_part(each, part)) is not None), None)
    if origin is tuple and isinstance(part, int):
        return args[0]
    if origin is dict:
        return args[0] if part == "[key]" else args[1]
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        fields = annotation.model_fields.items()
        return next((field_type(field) for name, field in fields if yaml_key(name, field) == part), None)
    return None


def group_in(annotation: Any) -> type[Options] | None:
    """The group of settings that a type holds, if it holds one."""
    return _group_in(annotation, Options)


def fields_in(annotation: Any) -> type[Group] | None:
    """The group that a type holds, of settings or of Kubernetes fields, if it holds one."""
    return _group_in(annotation, Group)


def _group_in(annotation: Any, kind: type[AnyGroup]) -> type[AnyGroup] | None:
    if isinstance(annotation, type) and issubclass(annotation, kind):
        return annotation
    return next((group for argument in get_args(annotation) if (group := _group_in(argument, kind))), None)
