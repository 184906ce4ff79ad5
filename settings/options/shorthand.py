"""Shorthand: strings and switches that stand for objects, as in the answers to `pulumi new`."""

from typing import Any

from settings.options.sample_site import SAMPLE_SITE_NAME


def switch(value: Any) -> Any:
    """`true` for an object with its defaults, `false` for none."""
    return ({} if value else None) if isinstance(value, bool) else value


def blank(value: Any) -> Any:
    """None for an empty string: `pulumi new` stores one for a blank answer."""
    return None if value == "" else value


def namespace(value: Any) -> Any:
    """A namespace by its name; an empty string is none."""
    return ({"name": value} if value else None) if isinstance(value, str) else value


def path(value: Any) -> Any:
    """A path prefix."""
    return {"prefix": value} if isinstance(value, str) else value


def zones(value: Any) -> Any:
    """One zone by its name, its id looked up."""
    return {value: None} if isinstance(value, str) else value


def routes(value: Any) -> Any:
    """One route by its hostname."""
    return [value] if isinstance(value, str) else value


def route(value: Any) -> Any:
    """A route by its hostname, to the Service of the sample site under its default name."""
    return {"hostname": value, "service": f"http://{SAMPLE_SITE_NAME}"} if isinstance(value, str) else value
