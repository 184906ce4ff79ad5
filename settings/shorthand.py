"""Texts that stand for more: what somebody types who is asked for a zone and a hostname, and nothing else."""

from typing import Any

from settings.options.sample_site import SampleSiteOptions


def zones(value: Any) -> Any:
    """A zone's name alone is that zone, its id looked up."""
    return {value: None} if isinstance(value, str) else value


def routes(value: Any) -> Any:
    """A hostname alone is one route."""
    return [value] if isinstance(value, str) else value


def route(value: Any) -> Any:
    """A hostname alone leads to the Service that the sample site has where it is given no other name."""
    site = SampleSiteOptions().name
    return {"hostname": value, "service": f"http://{site}"} if isinstance(value, str) else value
