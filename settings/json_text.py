"""JSON that others wrote: Python's parser, without what it accepts beyond JSON and what cannot be processed."""

import json
from typing import Any, NoReturn

MAX_DEPTH = 64


def loads(text: str | bytes) -> Any:
    """The value of a JSON text. Raises ValueError also for NaN, for half of a surrogate pair, and for deep nesting."""
    try:
        value = json.loads(text, parse_constant=_reject)
    except RecursionError:
        raise ValueError(f"nested more than {MAX_DEPTH} levels deep") from None
    level, depth = [value], 1
    while level := [inner for each in level for inner in _inside(each)]:
        depth += 1
        if depth > MAX_DEPTH:
            raise ValueError(f"nested more than {MAX_DEPTH} levels deep")
    escapes = b"\\ud" in text.lower() if isinstance(text, bytes) else "\\ud" in text.lower()
    if escapes:
        json.dumps(value, ensure_ascii=False).encode()  # raises UnicodeEncodeError, which is a ValueError
    return value


def _inside(value: Any) -> list[Any]:
    found = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [each for each in found if isinstance(each, (dict, list))]


def _reject(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")
