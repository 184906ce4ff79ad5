"""Values of the input files by their shape. Each function raises OperatorError where the value has another one."""

import json
from collections.abc import Mapping
from typing import Any

from ops.errors import OperatorError
from settings.plain_text import shortened

Object = Mapping[str, Any]


def mapping(parent: Object, key: str, where: str) -> Object:
    """The object at a key, empty where it is absent. `where` names the parent in the error."""
    return _of(Mapping, "an object", parent, key, where) or {}


def mappings(parent: Object, key: str, where: str) -> list[Object]:
    """The objects of the list at a key."""
    found = _of(list, "a list of objects", parent, key, where) or []
    for index, item in enumerate(found):
        if not isinstance(item, Mapping):
            raise OperatorError(f"{where}: {key}[{index}] must be an object, not {_shown(item)}")
    return found


def text(parent: Object, key: str, where: str) -> str:
    """The string at a key, empty where it is absent."""
    return _of(str, "a string", parent, key, where) or ""


def _of(kind: type[Any], named: str, parent: Object, key: str, where: str) -> Any:
    value = parent.get(key)
    if value is not None and not isinstance(value, kind):
        raise OperatorError(f"{where}: {key} must be {named}, not {_shown(value)}")
    return value


def _shown(value: Any) -> str:
    return shortened(json.dumps(value, ensure_ascii=False), 120)
