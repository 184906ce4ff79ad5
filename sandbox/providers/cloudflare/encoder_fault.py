"""A fault of the official plugin that the stand-in shares, so that a rehearsal meets it.

terraform-provider-cloudflare 5.22 keeps one encoder of strings for all requests but PATCH (`internal/apijson`). If the
first string that needs it is one that a PATCH sets where the state has none, such as the secret of an imported tunnel,
that encoder treats every later request of the process as a PATCH too, and omits strings that equal the state's: rules
lose their services, records their names. What creates a resource equals itself, and loses all its strings.
"""

from typing import Any

from sandbox.providers.interface import Engine
from sandbox.providers.values import leaves

_FIRST_STRING = "cloudflare: the first string was sent by"


def sent(engine: Engine, method: str, body: dict[str, Any], state: dict[str, Any]) -> dict[str, Any]:
    """The body that this engine's plugin sends in place of `body`; `state` has the names and values of the API."""
    patch = method == "PATCH"
    strings = any(isinstance(leaf, str) for leaf in leaves(body))
    if patch:
        strings = any(isinstance(value, str) and state.get(name) is None for name, value in body.items())
    if strings:
        engine.memory.setdefault(_FIRST_STRING, method)
    faulty = engine.memory.get(_FIRST_STRING) == "PATCH"
    return _without_equal_strings(body, state) if faulty and not patch else body


def _without_equal_strings(value: Any, state: Any) -> Any:
    if isinstance(value, dict):
        known = state if isinstance(state, dict) else {}
        kept = {name: item for name, item in value.items() if not isinstance(item, str) or item != known.get(name)}
        return {name: _without_equal_strings(item, known.get(name)) for name, item in kept.items()}
    if isinstance(value, list):
        # The items of a list are compared with themselves.
        return [None if isinstance(item, str) else _without_equal_strings(item, item) for item in value]
    return value
