"""Places of a key by its name: where a key that is on the wrong level belongs."""

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from functools import cache
from typing import Any, get_args, get_origin

from settings.errors import PREFIX
from settings.schema import Group, field_type, group_in, yaml_key

MAX_PLACES = 3


def place_of(model: type[Group], name: str) -> str:
    """Where a key with this name belongs, in words: `replicas below culvert:connector`. Empty where no key has it, or
    where too many groups have one."""
    places = sorted({place for place in _keys(model) if place[1].lower() == name.lower()}, key=_depth)
    return " or ".join(_words(*place) for place in places) if len(places) <= MAX_PLACES else ""


def closest_key(known: Iterable[str], name: str) -> str:
    """The known key that a name is closest to, whatever its style: `sampleSite` of `sample_site`. Empty where none is
    close."""
    folded = {key.lower(): key for key in known}
    close = get_close_matches(name.replace("_", "").lower(), folded, 1)
    return folded[close[0]] if close else ""


def _depth(place: tuple[str, str]) -> tuple[int, str]:
    return place[0].count("."), place[0]


def _words(parent: str, key: str) -> str:
    if not parent:
        return f"{PREFIX}{key} directly below config"
    group = parent.removesuffix("[…]")
    return f"{key} below {group}" if group == parent else f"{key} in an entry of {group}"


@cache
def _keys(model: type[Group]) -> tuple[tuple[str, str], ...]:
    """Every key of the settings, with the path of the group that it is in, empty for the top level."""
    return tuple(_keys_in(model, ""))


def _keys_in(group: type[Group], path: str) -> Iterator[tuple[str, str]]:
    for name, field in group.model_fields.items():
        key = yaml_key(name, field)
        yield path, key
        if inner := group_in(field_type(field)):
            below = f"{path}.{key}" if path else f"{PREFIX}{key}"
            yield from _keys_in(inner, f"{below}[…]" if _is_list(field_type(field)) else below)


def _is_list(annotation: Any) -> bool:
    return get_origin(annotation) is tuple or any(_is_list(each) for each in get_args(annotation) if get_origin(each))
