"""Check of a component's arguments against its args type, when the program runs.

Python does not check a TypedDict itself: a mistyped key would be ignored, and the default, which may allow more, would
apply.
"""

from collections.abc import Awaitable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from types import UnionType
from typing import Any, ForwardRef, NotRequired, Required, Union, get_args, get_origin, is_typeddict

import pulumi

ArgumentMistake = tuple[str, str]
"""Path of an argument (`destinations[0].port`), and what is wrong with it, as the rest of the sentence."""
_WORDS = {
    bool: "must be true or false",
    str: "must be a string",
    int: "must be a whole number",
    dict: "must be an object",
    list: "must be a list",
}
"""The kinds of types in args types, and what their values must be."""


class ArgumentError(pulumi.RunError, ValueError):
    """Arguments that a component rejects, all at once. The engine prints the message, without a traceback."""

    def __init__(self, component: str, mistakes: Sequence[ArgumentMistake]) -> None:
        self.mistakes = list(mistakes)
        lines = [f"{component}: {path} {problem}." for path, problem in mistakes]
        super().__init__("\n".join(lines))


def check_arguments(component: pulumi.ComponentResource, args: Any, expected: Any) -> None:
    """Check arguments against a type, at any depth. Raises ArgumentError.

    The value of an output is not known yet and not checked.
    """
    if mistakes := list(argument_mistakes(args, expected)):
        raise ArgumentError(type(component).__name__, mistakes)


def argument_mistakes(value: Any, expected: Any, path: str = "") -> Iterator[ArgumentMistake]:
    """What is wrong with a value that should have the type `expected`."""
    types = _alternatives(expected)
    if _is_a(value, (pulumi.Output, Awaitable)):
        return
    found = next((each for each in types if _is_a(value, _kind(each))), None)
    if found is None:
        yield path or "args", next(words for kind, words in _WORDS.items() if kind in map(_kind, types))
    elif is_typeddict(found):
        yield from _object_mistakes(value, found, path)
    elif get_origin(found) is list:
        (item,) = get_args(found)
        for index, each in enumerate(value):
            yield from argument_mistakes(each, item, f"{path}[{index}]")
    elif get_origin(found) is dict:
        _, item = get_args(found)
        for key, each in value.items():
            yield from argument_mistakes(each, item, f'{path}["{key}"]')


def _object_mistakes(value: Mapping[str, Any], expected: Any, path: str) -> Iterator[ArgumentMistake]:
    fields, prefix = expected.__annotations__, f"{path}." if path else ""
    names = {field.lower(): field for field in fields}
    for key, each in value.items():
        if key in fields:
            yield from argument_mistakes(each, fields[key], f"{prefix}{key}")
        else:
            close = get_close_matches(str(key).lower(), names, 1)
            nearest = f" (did you mean {names[close[0]]}?)" if close else ""
            yield f"{prefix}{key}", f"is an unknown argument{nearest}; accepted: {', '.join(fields)}"
    for key in sorted(expected.__required_keys__ - value.keys()):
        yield f"{prefix}{key}", "is missing"


def _alternatives(annotation: Any) -> list[Any]:
    """The types that a value of an argument may have, but for Output, which Input has as a forward reference."""
    if get_origin(annotation) in (NotRequired, Required):
        return _alternatives(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        return [each for member in get_args(annotation) for each in _alternatives(member)]
    if isinstance(annotation, ForwardRef):
        return []
    return [annotation]


def _kind(annotation: Any) -> Any:
    return dict if is_typeddict(annotation) else get_origin(annotation) or annotation


def _is_a(value: object, kind: Any) -> bool:
    if kind is Any:
        return True
    if kind is dict:
        return isinstance(value, Mapping)
    if kind is list:
        return isinstance(value, (list, tuple))
    if kind is int:
        # The engine sends every number as a float, and to Python a switch is a number.
        return isinstance(value, (int, float)) and not isinstance(value, bool) and value == int(value)
    return isinstance(value, kind)
