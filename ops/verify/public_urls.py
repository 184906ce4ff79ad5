"""The public URLs of a stack, and what response to expect from each."""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit

from settings import Settings


@dataclass(frozen=True)
class PublicUrl:
    """A URL to probe, with the service of its ingress rule."""

    url: str
    service: str
    exact_path: bool
    """Whether the rule certainly matches the URL's path: not certain if the path is a regular expression."""
    requires_login: bool | None = None
    """Whether an Access application covers it; None if that is not known."""


def public_urls(settings: Settings, applications: list[dict[str, Any]] | None) -> list[PublicUrl]:
    """One URL for each hostname with a DNS record and each literal path; of a wildcard, an arbitrary name below it.

    `applications` are the account's Access applications, None if the token may not read them.
    """
    urls: dict[str, PublicUrl] = {}
    for route in settings.routes:
        if route.dns == "none":
            continue
        url = f"https://{probed_name(route.hostname)}{route.paths.shown or '/'}"
        login = None if applications is None else any(_covers(one, urlsplit(url)) for one in applications)
        # The stack file's own word on a route precedes what an application made elsewhere may cover.
        login = True if route.access else False if route.public else login
        found = PublicUrl(url, route.origin.render("-"), route.paths.regex is None, login)
        # Of two rules for one URL, the one with a literal path is the better prediction.
        if url not in urls or found.exact_path > urls[url].exact_path:
            urls[url] = found
    return list(urls.values())


def probed_name(hostname: str) -> str:
    """The name to request for a hostname: itself, or an arbitrary one below a wildcard."""
    return re.sub(r"^\*\.", "culvert-verify.", hostname)


def _covers(application: dict[str, Any], url: SplitResult) -> bool:
    """Whether an Access application covers a URL. Its domains are `host[/path]`, where `*` matches a part of a name."""
    domains = [application.get("domain"), *(application.get("self_hosted_domains") or [])]
    domains += [one.get("uri") for one in application.get("destinations") or [] if isinstance(one, dict)]
    for domain in filter(None, domains):
        host, _, path = str(domain).removeprefix("https://").partition("/")
        name = re.escape(host.lower()).replace(r"\*", "[^/]*")
        prefix = path.strip("/*")
        below = not prefix or url.path.strip("/") == prefix or url.path.startswith(f"/{prefix}/")
        if re.fullmatch(name, url.hostname or "") and below:
            return True
    return False
