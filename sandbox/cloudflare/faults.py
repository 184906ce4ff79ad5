"""Fault injection: error statuses, lost connections, delays, the service's rate limit, and edge locations down.

Faults are not stored: a restart ends them.
"""

import random
import re
import time
from collections import defaultdict, deque
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from sandbox.cloudflare.edge_locations import LOCATIONS
from sandbox.cloudflare.responses import ApiError


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"must be a regular expression: {error}") from error
    return text


def _location(name: str) -> str:
    if name not in LOCATIONS:
        raise ValueError(f"must be one of {', '.join(LOCATIONS)}")
    return name


class Fault(BaseModel):
    """One fault for the calls it matches.

    `method` (in full) and `path` (anywhere, query included) are regular expressions.
    `next` is the number of calls it still applies to (absent: no limit), `probability` their share, from 0 to 1.
    `status` replies with it; 429 has `retry_after` seconds. `drop` closes the connection without a reply.
    `delay` waits that many seconds first; a fault of this kind then lets the call through. With `performed` the call
    takes effect and only its reply is lost: what a client must survive after a 502 or a lost connection.
    """

    model_config = ConfigDict(extra="forbid")
    method: Annotated[str, AfterValidator(_pattern)] = ".*"
    path: Annotated[str, AfterValidator(_pattern)] = ".*"
    next: int | None = Field(default=None, ge=0)
    probability: float = Field(default=1.0, ge=0, le=1)
    kind: Literal["status", "drop", "delay"] = "status"
    status: int = Field(default=500, ge=400, le=599)
    retry_after: int = Field(default=1, ge=0)
    delay: float = Field(default=0.0, ge=0, le=600)
    performed: bool = False


class Faults(BaseModel):
    """All faults that are enabled.

    The rate limit is per token: `rate_limit_calls` in `rate_limit_seconds`, 1,200 in 300 as in
    https://developers.cloudflare.com/fundamentals/api/reference/limits/.
    `edge_down` names locations of the edge (`lo01` to `lo06`) that are down: their connections are cut without notice
    and new ones refused.
    """

    model_config = ConfigDict(extra="forbid")
    rules: list[Fault] = []
    enforce_rate_limit: bool = False
    rate_limit_calls: int = Field(default=1200, ge=1)
    rate_limit_seconds: float = Field(default=300.0, gt=0)
    edge_down: list[Annotated[str, AfterValidator(_location)]] = []


class FaultInjector:
    """Selects the fault of each call, and counts the calls of each token for the rate limit."""

    def __init__(self) -> None:
        self.faults = Faults()
        self._calls: defaultdict[str, deque[float]] = defaultdict(deque)

    def set(self, faults: Faults) -> None:
        self.faults = faults
        self._calls.clear()

    def next_fault(self, method: str, path: str) -> Fault | None:
        """The first fault that applies to this call; its `next` is decremented."""
        for fault in self.faults.rules:
            if fault.next == 0 or not re.fullmatch(fault.method, method) or not re.search(fault.path, path):
                continue
            if random.random() >= fault.probability:
                continue
            if fault.next is not None:
                fault.next -= 1
            return fault
        return None

    def count_call(self, token: str) -> None:
        """Counts a call of this token. Raises ApiError (429) for one beyond the rate limit."""
        if not self.faults.enforce_rate_limit:
            return
        calls, now = self._calls[token], time.monotonic()
        while calls and calls[0] <= now - self.faults.rate_limit_seconds:
            calls.popleft()
        if len(calls) >= self.faults.rate_limit_calls:
            raise throttled(int(calls[0] + self.faults.rate_limit_seconds - now) + 1)
        calls.append(now)


def throttled(retry_after: int) -> ApiError:
    message = "Please wait and consider throttling your request speed"
    return ApiError(429, 971, message, headers={"retry-after": str(retry_after)})


def error(fault: Fault) -> ApiError:
    """The reply of a fault of kind `status`."""
    if fault.status == 429:
        return throttled(fault.retry_after)
    code, message = (10013, "Internal Server Error") if fault.status >= 500 else (10000, "Injected by a fault")
    return ApiError(fault.status, code, message, hint="injected by a fault (PUT /sandbox/faults)")
