"""Expressions of Cloudflare's Rules language: read by Cloudflare's own parser, and kept to some hostnames.

https://developers.cloudflare.com/ruleset-engine/rules-language/
"""

import re
from collections.abc import Iterable
from typing import Any

from octorules_wirefilter import parse_expression

from settings import references
from settings.errors import reject

EXPRESSION = 'an expression of the Rules language, such as http.request.uri.path eq "/login"'
LONGEST = 4096
"""Characters that an expression may have."""
_SCOPED = re.compile(r"\((?P<scope>.+?)\)(?: and \((?P<condition>.+)\))?", re.DOTALL)


def parsed(text: str) -> dict[str, Any]:
    """What is in an expression: `fields`, `operators` and more, or `error`."""
    return parse_expression(text) if text.strip() else {"error": "it is empty"}


def whole(text: str) -> str:
    """An expression that is one by itself, with every quote and parenthesis closed: what stands around it in a pair of
    parentheses cannot be escaped from."""
    text = text.strip()
    if error := parsed(text).get("error"):
        # Its last line points at the place and says what is wrong there.
        reject(f"it is no expression ({' '.join(error.split())})", EXPRESSION, references.CLOUDFLARE_EXPRESSIONS)
    return text


def scope(hostnames: Iterable[str]) -> str:
    """Says of requests that they are for one of these hostnames, in lower case; a wildcard is every name below."""
    names = sorted(set(hostnames))
    exact = " ".join(f'"{name}"' for name in names if not name.startswith("*."))
    # The operator does not look at case, and its asterisk stands for any number of labels, as in a route.
    wild = [f'http.host wildcard "{name}"' for name in names if name.startswith("*.")]
    return " or ".join([f"lower(http.host) in {{{exact}}}"] * bool(exact) + wild)


def scoped(hostnames: Iterable[str], condition: str = "") -> str:
    """The condition, for requests to these hostnames alone; without one, every such request."""
    return f"({scope(hostnames)}) and ({condition})" if condition else f"({scope(hostnames)})"


def unscoped(text: str) -> tuple[tuple[str, ...], str] | None:
    """Hostnames and condition of an expression that `scoped` made; None of any other."""
    match = _SCOPED.fullmatch(text)
    hostnames = tuple(re.findall(r'"([^"]+)"', match["scope"])) if match else ()
    condition = (match["condition"] or "") if match else ""
    if not hostnames or scoped(hostnames, condition) != text or (condition and "error" in parsed(condition)):
        return None
    return hostnames, condition
