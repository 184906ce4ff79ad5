"""Expressions of Cloudflare's Rules language: parsed by Cloudflare's own parser, and scoped to hostnames.

https://developers.cloudflare.com/ruleset-engine/rules-language/
"""

import re
from collections.abc import Iterable
from typing import Annotated, Any

from octorules_wirefilter import parse_expression
from pydantic import AfterValidator

from settings import references
from settings.errors import reject
from settings.schema import Accepts

MAX_LENGTH = 4096
"""Characters of an expression."""
_SCOPED = re.compile(r"\((?P<scope>.+?)\)(?: and \((?P<condition>.+)\))?", re.DOTALL)


def parsed(text: str) -> dict[str, Any]:
    """The contents of an expression: `fields`, `operators` and more, or `error`."""
    return parse_expression(text) if text.strip() else {"error": "it is empty"}


def complete(text: str) -> str:
    """An expression that is complete by itself, with every quote and parenthesis closed, so that it cannot escape from
    parentheses around it."""
    text = text.strip()
    if error := parsed(text).get("error"):
        # The parser's last line points at the place and says what is wrong there.
        reject(f"is not a valid expression ({' '.join(error.split())})")
    return text


Expression = Annotated[
    str,
    AfterValidator(complete),
    Accepts(
        'an expression of the Rules language, such as http.request.uri.path eq "/login"',
        references.CLOUDFLARE_EXPRESSIONS,
    ),
]


def scope(hostnames: Iterable[str]) -> str:
    """An expression that is true of requests for one of these hostnames, in lower case; a wildcard includes every name
    below."""
    names = sorted(set(hostnames))
    exact = " ".join(f'"{name}"' for name in names if not name.startswith("*."))
    # The wildcard operator ignores case, and its asterisk stands for any number of labels, as in a route.
    wild = [f'http.host wildcard "{name}"' for name in names if name.startswith("*.")]
    return " or ".join([f"lower(http.host) in {{{exact}}}"] * bool(exact) + wild)


def scoped(hostnames: Iterable[str], condition: str = "") -> str:
    """The condition, for requests for these hostnames alone; without one, every such request."""
    return f"({scope(hostnames)}) and ({condition})" if condition else f"({scope(hostnames)})"


def unscoped(text: str) -> tuple[tuple[str, ...], str] | None:
    """Hostnames and condition of an expression that `scoped` built; None of any other."""
    match = _SCOPED.fullmatch(text)
    hostnames = tuple(re.findall(r'"([^"]+)"', match["scope"])) if match else ()
    condition = (match["condition"] or "") if match else ""
    if not hostnames or scoped(hostnames, condition) != text or (condition and "error" in parsed(condition)):
        return None
    return hostnames, condition
