"""Limits of one whole reply, in time and size.

httpx and urllib3 limit the time between two pieces of a reply, so one that drips never ends; neither limits its size.
https://www.python-httpx.org/advanced/timeouts/, https://urllib3.readthedocs.io/en/stable/reference/urllib3.util.html
"""

import os
from collections.abc import Callable, Iterable
from threading import Thread
from typing import Any, TypeVar

from clients.errors import ApiUnreachable

Result = TypeVar("Result")

VARIABLE = "CULVERT_TIMEOUT"
"""Environment variable: the limit in seconds, where 5 is too short for a slow API."""
MAX_BYTES = 64 << 20
_SECONDS, _MOST = 5.0, 600.0


class ReplyTooLarge(Exception):
    """A reply has more bytes than are read."""


def time_limit() -> float:
    """Seconds that the whole answer to one question may take, name lookup, connection and all pages of a list included.

    Raises ApiUnreachable where CULVERT_TIMEOUT is not a number of seconds.
    """
    text = os.environ.get(VARIABLE, "")
    try:
        seconds = float(text) if text else _SECONDS
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= _MOST:
        raise ApiUnreachable(f"{VARIABLE} is {text!r}", f"set it to seconds, more than 0 and at most {_MOST:.0f}")
    return seconds


def too_late(seconds: float) -> str:
    """What a question came to that was not answered within its limit."""
    return f"no complete reply within {seconds:g} s; {VARIABLE}=30 waits longer"


def within(call: Callable[[], Result], seconds: float) -> Result:
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
        raise TimeoutError(too_late(seconds))
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
