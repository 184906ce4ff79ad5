"""Trouble on demand: refusals, broken answers, lost connections, slowness, the service's rate limit, and edge addresses that go away.

A restart ends all of it.
"""

import random
import re
import time
from collections import defaultdict, deque
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from sandbox.cloudflare.resources.connections import LOCATIONS
from sandbox.cloudflare.responses import ApiError


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as mistake:
        raise ValueError(f"no regular expression: {mistake}") from mistake
    return text


def _location(name: str) -> str:
    if name not in LOCATIONS:
        raise ValueError(f"no address of the edge: one of {', '.join(LOCATIONS)}")
    return name


class Fault(BaseModel):
    """One kind of trouble for the calls it matches.

    `method` (as a whole) and `path` (anywhere, query included) are regular expressions.
    `next` is how many calls it still meets (absent: no end), `probability` how many of them, from 0 to 1.
    `status` answers with it: 429 carries `retry_after` seconds. `drop` closes the connection without a word.
    `delay` waits so many seconds first; alone, the call then goes through. `performed` does the call's work before
    the answer goes astray: what a client must survive after a 502 or a lost connection.
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
    """All the trouble switched on. The rate limit is per token: so many calls in so many seconds, 1,200 in 300 as
    https://developers.cloudflare.com/fundamentals/api/reference/limits/ has it.
    `edge_away` names addresses of the edge (`lo01` to `lo06`) that are gone: their connections are cut without a word,
    new ones refused, until a later call leaves them out.
    """

    model_config = ConfigDict(extra="forbid")
    rules: list[Fault] = []
    enforce_rate_limit: bool = False
    rate_limit_calls: int = Field(default=1200, ge=1)
    rate_limit_seconds: float = Field(default=300.0, gt=0)
    edge_away: list[Annotated[str, AfterValidator(_location)]] = []


class Trouble:
    """The faults in force, and the calls each token has made lately."""

    def __init__(self) -> None:
        self.faults = Faults()
        self._made: defaultdict[str, deque[float]] = defaultdict(deque)

    def set(self, faults: Faults) -> None:
        self.faults = faults
        self._made.clear()

    def meet(self, method: str, path: str) -> Fault | None:
        """The first fault that this call runs into, counted down."""
        for fault in self.faults.rules:
            if fault.next == 0 or not re.fullmatch(fault.method, method) or not re.search(fault.path, path):
                continue
            if random.random() >= fault.probability:
                continue
            if fault.next is not None:
                fault.next -= 1
            return fault
        return None

    def count(self, token: str) -> None:
        """Counts one call of this token; raises ApiError 429 where that is one too many."""
        if not self.faults.enforce_rate_limit:
            return
        made, moment = self._made[token], time.monotonic()
        while made and made[0] <= moment - self.faults.rate_limit_seconds:
            made.popleft()
        if len(made) >= self.faults.rate_limit_calls:
            wait = made[0] + self.faults.rate_limit_seconds - moment
            raise throttled(int(wait) + 1)
        made.append(moment)


def throttled(retry_after: int) -> ApiError:
    words = "Please wait and consider throttling your request speed"
    return ApiError(429, 971, words, headers={"retry-after": str(retry_after)})


def answer(fault: Fault) -> ApiError:
    """What a `status` fault says."""
    if fault.status == 429:
        return throttled(fault.retry_after)
    words = "Internal Server Error" if fault.status >= 500 else "Injected by a fault"
    return ApiError(fault.status, 10013 if fault.status >= 500 else 10000, words, hint="a fault is switched on")
