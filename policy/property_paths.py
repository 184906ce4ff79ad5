"""Property values as rules meet them: plain dicts, lists and scalars, some of them not known yet."""

from collections.abc import Iterator, Mapping
from typing import Any


class Unknown:
    """A value that is known only once a resource is made; a preview has many."""

    def __repr__(self) -> str:
        return "unknown"


UNKNOWN = Unknown()


def at(value: Any, *path: str) -> Any:
    """What stands at `path` within `value`: None where nothing does, UNKNOWN where that cannot be said yet."""
    for part in path:
        if value is UNKNOWN:
            return UNKNOWN
        if not isinstance(value, Mapping):
            return None
        value = value.get(part)
    return value


def each(value: Any) -> list[Any]:
    """The items of a list; none where there is no list, or none yet."""
    return value if isinstance(value, list) else []


def entries(value: Any) -> list[tuple[str, Any]]:
    """The keys and values of a mapping; none where there is no mapping, or none yet."""
    return list(value.items()) if isinstance(value, Mapping) else []


def known(value: Any) -> bool:
    """Whether a value is known in all of its parts."""
    if isinstance(value, Mapping):
        return all(known(item) for item in value.values())
    return all(known(item) for item in value) if isinstance(value, list) else value is not UNKNOWN


def texts(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every text within `value` and where it stands: `spec.containers[0].image`. Keys count as texts too."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from texts(item, f"{path}[{index}]")
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield f"{path} (a key)".strip(), str(key)
            yield from texts(item, f"{path}.{key}".lstrip("."))
