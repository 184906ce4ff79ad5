"""Load: clients that send requests one after another, and what became of these."""

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx

CLIENTS = 4
TIMEOUT = 10.0
"""Seconds after which a request counts as failed."""


@dataclass
class Load:
    """Results of the requests. `failed` counts failures by status or kind of error; times in seconds."""

    requests: int = 0
    failed: dict[str, int] = field(default_factory=dict)
    longest_gap: float = 0.0
    """The longest time without a successful request."""
    _last_success: float = 0.0

    def add(self, outcome: str) -> None:
        """Counts one request: `200`, another status, or the kind of an error."""
        now = time.monotonic()
        self.requests += 1
        if outcome != "200":
            self.failed[outcome] = self.failed.get(outcome, 0) + 1
            return
        self.longest_gap = max(self.longest_gap, now - (self._last_success or now))
        self._last_success = now

    @property
    def failures(self) -> str:
        """The number of failures, with the number of each kind."""
        kinds = ", ".join(f"{count} of {kind}" for kind, count in sorted(self.failed.items()))
        return f"{sum(self.failed.values())} ({kinds})" if kinds else "0"


@contextmanager
def clients(url: str, hostname: str, pause: float = 0.0) -> Iterator[Load]:
    """Sends requests from `CLIENTS` clients while the block runs, each with `pause` seconds after a response."""
    load, stop = Load(), threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(_run_clients(load, stop, url, hostname, pause)))
    thread.start()
    try:
        yield load
    finally:
        stop.set()
        thread.join()


async def _run_clients(load: Load, stop: threading.Event, url: str, hostname: str, pause: float) -> None:
    await asyncio.gather(*(_run_client(load, stop, url, hostname, pause) for _ in range(CLIENTS)))


async def _run_client(load: Load, stop: threading.Event, url: str, hostname: str, pause: float) -> None:
    async with httpx.AsyncClient(timeout=TIMEOUT) as client:
        while not stop.is_set():
            try:
                response = await client.get(url, headers={"Host": hostname})
                load.add(str(response.status_code))
                await asyncio.sleep(pause)
            except httpx.HTTPError as error:
                load.add(type(error).__name__)
                # A refused connection takes no time: without a pause it would count a thousand times.
                await asyncio.sleep(0.05)
