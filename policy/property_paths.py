"""Access to property values: plain dicts, lists and scalars, some of them unknown in a preview."""

from collections.abc import Iterator, Mapping
from typing import Any


class Unknown:
    """A value that is known only after its resource is created."""

    def __repr__(self) -> str:
        return "unknown"


UNKNOWN = Unknown()


def get_path(value: Any, *path: str) -> Any:
    """The value at `path` within `value`: None if absent, UNKNOWN if a part of the path is unknown."""
    for part in path:
        if value is UNKNOWN:
            return UNKNOWN
        if not isinstance(value, Mapping):
            return None
        value = value.get(part)
    return value


def as_list(value: Any) -> list[Any]:
    """The items of a list; empty for anything else, unknown included."""
    return value if isinstance(value, list) else []


def entries(value: Any) -> list[tuple[str, Any]]:
    """The keys and values of a mapping; empty for anything else, unknown included."""
    return list(value.items()) if isinstance(value, Mapping) else []


def known(value: Any) -> bool:
    """Whether a value contains no UNKNOWN."""
    if isinstance(value, Mapping):
        return all(known(item) for item in value.values())
    return all(known(item) for item in value) if isinstance(value, list) else value is not UNKNOWN


def texts(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Path and text of every string within `value`, such as `spec.containers[0].image`; keys of mappings included."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from texts(item, f"{path}[{index}]")
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield f"{path} (a key)".strip(), str(key)
            yield from texts(item, f"{path}.{key}".lstrip("."))
