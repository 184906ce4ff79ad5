"""One connection of a connector, whatever it is carried over: what the edge asks of `http2` and `quic` alike."""

from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Protocol

Headers = list[tuple[bytes, bytes]]


class Lost(Exception):
    """The stream ended before it was complete: reset, or gone with its connection."""


@dataclass(frozen=True)
class Answer:
    """The head of an answer: `headers` are the origin's. `unreachable` where the connector got none from it."""

    status: int
    headers: Headers
    unreachable: bool = False


@dataclass(frozen=True)
class Applied:
    """What a connector makes of rules pushed to it: the version that it runs now, and whether it refused the ones pushed."""

    version: int
    refused: bool


class Stream(Protocol):
    """One request and its answer. `close` it in any case: what is unfinished is reset, what is unread is given back."""

    trailers: Headers
    """Filled once `body` has ended."""

    async def answer(self) -> Answer:
        """The head of the answer. Raises Lost."""
        ...

    def body(self) -> AsyncIterator[bytes]:
        """The answer's body as it comes. Raises Lost where it ends early."""
        ...

    async def send(self, data: bytes = b"", *, end: bool = False) -> None:
        """Sends more of the request's body, as fast as the connector takes it. Raises Lost."""
        ...

    def close(self) -> None: ...


class Link(Protocol):
    """The connection. Whoever makes one is told when the connector is ready to register, and when the connection is gone."""

    location: str
    """The edge address that it came in at."""
    peer: str
    """Address of the connector."""

    async def control(self) -> Stream:
        """The stream on which the connector registers, its body from the first byte on. Raises Lost."""
        ...

    def request(
        self, method: bytes, host: bytes, path: bytes, headers: Sequence[tuple[bytes, bytes]], ends: bool, socket: bool
    ) -> Stream:
        """Opens a stream: `headers` in lower case, `ends` where no body follows, `socket` for a WebSocket. Raises Lost."""
        ...

    async def configure(self, version: int, config: bytes) -> Applied:
        """Pushes rules, a JSON document, and waits for what the connector makes of them. Raises Lost."""
        ...

    def retire(self, but: Stream | None = None) -> None:
        """Closes once no stream but `but` is open: requests on their way come home first."""
        ...

    def close(self) -> None:
        """Says goodbye and closes."""
        ...

    def abort(self) -> None:
        """Cuts the connection, as a broken line would."""
        ...


Opened = Callable[[Link], Coroutine[None, None, None]]
Gone = Callable[[Link], None]
