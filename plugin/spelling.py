"""Names of arguments as other languages spell them: `pod_selector` is `podSelector`."""

import re
from collections.abc import Iterator
from typing import Any


def python_names(schema: Any) -> Iterator[str]:
    """The names in Python of every property in a package's schema."""
    if isinstance(schema, dict):
        for key, value in schema.items():
            if key in ("properties", "inputProperties"):
                yield from (re.sub(r"([A-Z])", lambda capital: f"_{capital[1].lower()}", name) for name in value)
            yield from python_names(value)


def camel_case(text: str, names: set[str]) -> str:
    """A text in which `names` are spelled as in other languages; every other word stays as it is."""

    def spelled(word: re.Match[str]) -> str:
        first, *others = word[0].split("_")
        return first + "".join(other.capitalize() for other in others) if word[0] in names else word[0]

    return re.sub(r"\b[a-z][a-z0-9]*(?:_[a-z0-9]+)+\b", spelled, text)
