"""The addresses that a stack opens, and what to expect at each."""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit

from settings import Settings


@dataclass(frozen=True)
class Address:
    """One address to open: `service` as in the rule, `protected` whether Access is to guard it (None: nobody knows)."""

    url: str
    service: str
    whole_path: bool
    """Whether the rule surely takes the URL's path; not so for an expression."""
    protected: bool | None = None


def addresses(settings: Settings, applications: list[dict[str, Any]] | None) -> list[Address]:
    """An address for each hostname with a record and each literal path; a wildcard is tried by a name that nobody uses."""
    found: dict[str, Address] = {}
    for route in settings.routes:
        if route.dns == "none":
            continue
        host = re.sub(r"^\*\.", "culvert-verify.", route.hostname)
        url = f"https://{host}{route.paths.shown or '/'}"
        guarded = None if applications is None else any(_covers(each, urlsplit(url)) for each in applications)
        # What the stack file says of a route goes before what somebody else's application may cover.
        guarded = True if route.access else False if route.public else guarded
        known = Address(url, route.origin.spelled("-"), route.paths.regex is None, guarded)
        # The rule that takes a path as it stands says more about it than an expression's.
        if url not in found or known.whole_path > found[url].whole_path:
            found[url] = known
    return list(found.values())


def _covers(application: dict[str, Any], url: SplitResult) -> bool:
    """Whether an Access application covers an address: its domains are `host[/path]`, with `*` for parts of names."""
    places = [application.get("domain"), *(application.get("self_hosted_domains") or [])]
    places += [each.get("uri") for each in application.get("destinations") or [] if isinstance(each, dict)]
    for place in filter(None, places):
        host, _, path = str(place).removeprefix("https://").partition("/")
        name = re.escape(host.lower()).replace(r"\*", "[^/]*")
        stem = path.strip("/*")
        below = not stem or url.path.strip("/") == stem or url.path.startswith(f"/{stem}/")
        if re.fullmatch(name, url.hostname or "") and below:
            return True
    return False
