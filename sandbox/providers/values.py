"""Property values of the engine, converted to plain Python and back.

Plain means: None, bool, int, float, str, list and dict, with two additions. `Secret(value)` wraps a secret, and
`UNKNOWN` is a value that is known only after the update.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from google.protobuf import struct_pb2

from clients.pulumi_values import OUTPUT, RESOURCE, SECRET, SIGNATURE, UNKNOWNS
from clients.pulumi_values import UNKNOWN as UNKNOWN_STRING


class Unknown:
    """Type of `UNKNOWN`, its only instance."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN = Unknown()


@dataclass(frozen=True)
class Secret:
    """A value that the engine encrypts in the state and hides in its output; its repr hides it too."""

    value: Any

    def __repr__(self) -> str:
        return "Secret(…)"


def from_struct(struct: struct_pb2.Struct) -> dict[str, Any]:
    """The properties of one message."""
    return {key: from_value(value) for key, value in struct.fields.items()}


def from_value(value: struct_pb2.Value) -> Any:
    match value.WhichOneof("kind"):
        case "bool_value":
            return value.bool_value
        case "number_value":
            number = value.number_value
            return int(number) if number.is_integer() else number
        case "string_value":
            return UNKNOWN if value.string_value in UNKNOWNS else value.string_value
        case "list_value":
            return [from_value(item) for item in value.list_value.values]
        case "struct_value":
            return _from_fields(value.struct_value.fields)
    return None


def _from_fields(fields: Mapping[str, struct_pb2.Value]) -> Any:
    match fields[SIGNATURE].string_value if SIGNATURE in fields else None:
        case None:
            return {key: from_value(item) for key, item in fields.items()}
        case signature if signature == SECRET:
            return Secret(plain(from_value(fields["value"])))
        case signature if signature == OUTPUT:
            value = plain(from_value(fields["value"])) if "value" in fields else UNKNOWN
            return Secret(value) if "secret" in fields and fields["secret"].bool_value else value
        case signature if signature == RESOURCE:
            # A resource reference becomes its id, as for plugins that do not accept references.
            return from_value(fields["id"]) if "id" in fields else fields["urn"].string_value
        case signature:
            raise ValueError(f"a property of kind {signature} (an asset or an archive) is not supported here")


def to_struct(properties: Mapping[str, Any]) -> struct_pb2.Struct:
    """The message with these properties; None becomes null."""
    return struct_pb2.Struct(fields={key: to_value(value) for key, value in properties.items()})


def to_value(value: Any) -> struct_pb2.Value:
    match value:
        case None:
            return struct_pb2.Value(null_value=struct_pb2.NULL_VALUE)
        case Secret():
            fields = {SIGNATURE: struct_pb2.Value(string_value=SECRET), "value": to_value(value.value)}
            return struct_pb2.Value(struct_value=struct_pb2.Struct(fields=fields))
        case Unknown():
            return struct_pb2.Value(string_value=UNKNOWN_STRING)
        case bool():
            return struct_pb2.Value(bool_value=value)
        case int() | float():
            return struct_pb2.Value(number_value=value)
        case str():
            return struct_pb2.Value(string_value=value)
        case Mapping():
            return struct_pb2.Value(struct_value=to_struct(value))
        case list() | tuple():
            return struct_pb2.Value(list_value=struct_pb2.ListValue(values=[to_value(item) for item in value]))
    raise TypeError(f"{type(value).__name__} is not a property value")


def rebuild(value: Any, change: Callable[[Any], Any]) -> Any:
    """A copy of `value` with `change` applied to every container and leaf, innermost first."""
    if isinstance(value, Mapping):
        value = {key: rebuild(item, change) for key, item in value.items()}
    elif isinstance(value, list):
        value = [rebuild(item, change) for item in value]
    return change(value)


def plain(value: Any) -> Any:
    """The value with secrets unwrapped, at any depth."""
    return rebuild(value, lambda item: plain(item.value) if isinstance(item, Secret) else item)


def leaves(value: Any) -> Iterator[Any]:
    """Every value inside that is not a container: a secret itself, then the leaves of its value."""
    if isinstance(value, Secret):
        yield value
        yield from leaves(value.value)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from leaves(item)
    elif isinstance(value, list):
        for item in value:
            yield from leaves(item)
    else:
        yield value


def has_unknown(value: Any) -> bool:
    return any(isinstance(leaf, Unknown) for leaf in leaves(value))


def has_secret(value: Any) -> bool:
    return any(isinstance(leaf, Secret) for leaf in leaves(value))


def hide(outputs: dict[str, Any], like: Mapping[str, Any], always: frozenset[str] = frozenset()) -> dict[str, Any]:
    """`outputs` with those properties wrapped as secrets that are in `always` or contain a secret in `like`."""
    return {
        key: Secret(plain(value)) if key in always or (key in like and has_secret(like[key])) else value
        for key, value in outputs.items()
    }
