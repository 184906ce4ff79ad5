"""Limits of one whole reply, in time and size.

httpx and urllib3 limit the time between two pieces of a reply, so one that drips never ends; neither limits its size.
https://www.python-httpx.org/advanced/timeouts/, https://urllib3.readthedocs.io/en/stable/reference/urllib3.util.html
"""

from collections.abc import Callable, Iterable
from threading import Thread
from typing import Any, TypeVar

Result = TypeVar("Result")

SECONDS = 20.0
MAX_BYTES = 64 << 20


class ReplyTooLarge(Exception):
    """A reply has more bytes than are read."""


def within(call: Callable[[], Result], seconds: float = SECONDS) -> Result:
    """The result of a call that may wait for others. Raises TimeoutError where it takes longer.

    It runs in a thread, which ends on its own or with the process: a name lookup cannot be interrupted, nor can a read.
    """
    outcome: list[tuple[bool, Any]] = []

    def run() -> None:
        try:
            outcome.append((True, call()))
        except BaseException as error:
            outcome.append((False, error))

    thread = Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if not outcome:
        raise TimeoutError(f"no complete reply within {seconds:.0f} s")
    succeeded, result = outcome[0]
    if not succeeded:
        raise result
    return result


def collect(pieces: Iterable[bytes], limit: int = MAX_BYTES) -> bytes:
    """The pieces of a reply, decompressed, as one. Raises ReplyTooLarge beyond `limit` bytes."""
    found = bytearray()
    for piece in pieces:
        found += piece
        if len(found) > limit:
            raise ReplyTooLarge(f"a reply of more than {limit:,} bytes")
    return bytes(found)
