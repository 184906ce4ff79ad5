"""Objects of the input with their places: the file, the line and the key as the user wrote them.

Each function raises OperatorError where a value has another shape than documented.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ops.errors import OperatorError
from settings.plain_text import shortened
from settings.yaml_nodes import LocatedList, LocatedMapping


@dataclass(frozen=True)
class Place:
    """Where a value is in the input. `source` is the name of the file, `-` for standard input, or names the object
    (`ConfigMap lab/cloudflared`) that was read from a cluster; `line` counts from 1 and is 0 where it is not known;
    `key` is the path as the user wrote it: `ingress[2].originRequest.noTLSVerify`, and `name` its last part."""

    source: str = ""
    line: int = 0
    key: str = ""
    name: str = ""

    def __str__(self) -> str:
        return f"{self.source}:{self.line}" if self.line else self.source

    def at(self, key: str | int, line: int = 0) -> "Place":
        """The place of a key, or of an item of a list, in the value that is here."""
        step = f"[{key}]" if isinstance(key, int) else f".{key}" if self.key else key
        return replace(self, line=line or self.line, key=f"{self.key}{step}", name=str(key))


NOWHERE = Place()


@dataclass(frozen=True)
class Option:
    """A key that the user set, with its value as plain data and its place."""

    key: str
    value: Any
    place: Place = NOWHERE


@dataclass(frozen=True)
class InputObject:
    """An object of the input. `title` names it in messages where that is not its key (`Tunnel lab/home`)."""

    values: Mapping[str, Any]
    place: Place = NOWHERE
    title: str = ""

    def __contains__(self, key: str) -> bool:
        return self.values.get(key) is not None

    def get(self, key: str) -> Any:
        """The value at a key as plain data; None where it is absent."""
        return plain(self.values.get(key))

    def at(self, key: str) -> Place:
        """The place of a key."""
        lines = self.values.lines if isinstance(self.values, LocatedMapping) else {}
        return self.place.at(key, lines.get(key, 0))

    def option(self, key: str) -> Option:
        """The key with its value and place."""
        return Option(key, self.get(key), self.at(key))

    def options(self) -> tuple[Option, ...]:
        """Every key, in the order of the input."""
        return tuple(self.option(key) for key in self.values)

    def object(self, key: str) -> "InputObject":
        """The object at a key, empty where it is absent."""
        return InputObject(self._of(Mapping, "an object", key) or {}, self.at(key), self.title)

    def objects(self, key: str) -> list["InputObject"]:
        """The objects of the list at a key."""
        return list(self._objects(key))

    def text(self, key: str) -> str:
        """The string at a key, empty where it is absent."""
        return self._of(str, "a string", key) or ""

    def strings(self, key: str) -> list[Option]:
        """The strings of the list at a key, each with its place."""
        found = []
        for index, item in enumerate(self._of(list, "a list of strings", key) or []):
            place = self.item_at(key, index)
            if not isinstance(item, str):
                raise OperatorError(f"{place}: {self._named(place.key)} must be a string, not {shown(item)}")
            found.append(Option(key, item, place))
        return found

    def item_at(self, key: str, index: int) -> Place:
        """The place of an item of the list at a key."""
        items = self.values.get(key)
        return self.at(key).at(index, items.lines[index] if isinstance(items, LocatedList) else 0)

    def _objects(self, key: str) -> Iterator["InputObject"]:
        for index, item in enumerate(self._of(list, "a list of objects", key) or []):
            where = self.item_at(key, index)
            if not isinstance(item, Mapping):
                raise OperatorError(f"{where}: {self._named(where.key)} must be an object, not {shown(item)}")
            yield InputObject(item, where, self.title)

    def _of(self, kind: type[Any], named: str, key: str) -> Any:
        value, place = self.values.get(key), self.at(key)
        if value is not None and not isinstance(value, kind):
            raise OperatorError(f"{place}: {self._named(place.key)} must be {named}, not {shown(value)}")
        return value

    def _named(self, key: str) -> str:
        return f"{self.title}, {key}" if self.title else key


def plain(value: Any) -> Any:
    """The value as plain dicts and lists, without lines."""
    if isinstance(value, Mapping):
        return {key: plain(inner) for key, inner in value.items()}
    return [plain(inner) for inner in value] if isinstance(value, list) else value


def shown(value: Any) -> str:
    """The value as JSON, shortened, for a message."""
    return shortened(json.dumps(value, ensure_ascii=False), 120)
