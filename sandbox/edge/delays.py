"""How long Cloudflare's edge takes to notice a change; the sandbox's edge notices it at once unless it is delayed."""

import math
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

from sandbox.errors import SandboxError

PREFIX = "CULVERT_SANDBOX_EDGE_"
"""Of the environment variables, such as `CULVERT_SANDBOX_EDGE_USE_DELAY`."""
MAX_DELAY = 300.0
_ACCEPTED = f"a number of seconds from 0 to {MAX_DELAY:g}, such as 10 or 0.5"


@dataclass(frozen=True)
class EdgeDelays:
    """Times in seconds.

    Cloudflare's engineers name ten seconds for a new connection (https://github.com/cloudflare/argo-tunnel-examples/pull/4)
    and "seconds" for which the edge remembers which connections a tunnel has, and that it has none
    (https://github.com/cloudflare/cloudflared/issues/1147).
    """

    use: float = 0.0
    """From a connection's registration until visitors' requests are sent to it."""
    forget: float = 0.0
    """From a connection's end until no request is sent to it any more. A request that meets a connection that is gone
    is sent to another one, and gets error 502 where the edge knows no other."""
    rules: float = 0.0
    """From a change of the configuration, or a connection's registration, until the connector gets the configuration.
    A connection that is used before that answers every request with 503."""

    @property
    def rollouts_wait(self) -> bool:
        """Whether `minReadySeconds` delays rollouts, as in a cluster. Without a `use` delay, waiting would gain
        nothing."""
        return self.use > 0

    def arguments(self) -> list[str]:
        """The arguments of `python -m sandbox.edge`."""
        return [f"--{name}-delay={seconds:g}" for name, seconds in asdict(self).items()]


NAMES = tuple(field.name for field in fields(EdgeDelays))


def variable(name: str) -> str:
    """The environment variable of a delay."""
    return f"{PREFIX}{name.upper()}_DELAY"


def from_environment(environ: Mapping[str, str] = os.environ) -> EdgeDelays:
    """The delays that the environment sets; 0 for the others. Raises `SandboxError` for a value that is not one."""
    return EdgeDelays(**{name: parse(environ.get(variable(name), ""), variable(name)) for name in NAMES})


def parse(value: str, key: str) -> float:
    """The delay that this environment variable or option has; 0 for an empty one. Raises `SandboxError`."""
    try:
        seconds = float(value or 0)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds <= MAX_DELAY:  # false for NaN
        raise SandboxError(f"{key} is {value!r}; must be {_ACCEPTED}", key=key, value=value, accepted=_ACCEPTED)
    return seconds
