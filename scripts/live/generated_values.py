"""Values that a service generated (ids, tokens), mapped to those that another one generated in their place."""

from typing import Any


def translated(text: str, known: dict[str, str]) -> str:
    """The text with the values of the other service."""
    for one, other in known.items():
        text = text.replace(one, other)
    return text


def learn(reply: Any, other: Any, known: dict[str, str], shortest: int) -> None:
    """Adds to `known` what differs between two replies of the same shape: strings of `shortest` characters or more."""
    if isinstance(reply, dict) and isinstance(other, dict):
        for key in reply.keys() & other.keys():
            learn(reply[key], other[key], known, shortest)
    elif isinstance(reply, list) and isinstance(other, list):
        for one, another in zip(reply, other, strict=False):
            learn(one, another, known, shortest)
    elif isinstance(reply, str) and isinstance(other, str) and reply != other and len(reply) >= shortest:
        known[reply] = other
