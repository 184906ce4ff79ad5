"""Visitors who keep asking: how many requests, how many failed, and the longest time in which none succeeded."""

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx

VISITORS = 4
PATIENCE = 10.0
"""Seconds after which a visitor takes a request for failed."""


@dataclass
class Load:
    """What visitors met. `failed` counts by what it was: a status or the kind of a lost connection."""

    requests: int = 0
    failed: dict[str, int] = field(default_factory=dict)
    longest_gap: float = 0.0
    _last: float = 0.0

    def met(self, outcome: str) -> None:
        """One answer: `200`, or what it was instead."""
        moment = time.monotonic()
        self.requests += 1
        if outcome != "200":
            self.failed[outcome] = self.failed.get(outcome, 0) + 1
            return
        self.longest_gap = max(self.longest_gap, moment - (self._last or moment))
        self._last = moment

    @property
    def failures(self) -> str:
        """For people: the sum, and what it is made of."""
        kinds = ", ".join(f"{count} of {what}" for what, count in sorted(self.failed.items()))
        return f"{sum(self.failed.values())} ({kinds})" if kinds else "0"


@contextmanager
def visitors(address: str, hostname: str) -> Iterator[Load]:
    """A few visitors, each asking again as soon as they are answered, for as long as the block runs."""
    load, over = Load(), threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(_all(load, over, address, hostname)))
    thread.start()
    try:
        yield load
    finally:
        over.set()
        thread.join()


async def _all(load: Load, over: threading.Event, address: str, hostname: str) -> None:
    await asyncio.gather(*(_one(load, over, address, hostname) for _ in range(VISITORS)))


async def _one(load: Load, over: threading.Event, address: str, hostname: str) -> None:
    async with httpx.AsyncClient(timeout=PATIENCE) as client:
        while not over.is_set():
            try:
                answer = await client.get(address, headers={"Host": hostname})
                load.met(str(answer.status_code))
            except httpx.HTTPError as error:
                load.met(type(error).__name__)
                # Where nobody listens a refusal costs nothing, and would count a thousand times.
                await asyncio.sleep(0.05)
