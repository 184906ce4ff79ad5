"""The interface of one tunnel connection, which `http2` and `quic` implement."""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

Headers = list[tuple[bytes, bytes]]


class ConnectionLost(Exception):
    """The stream ended before it was complete: it was reset, or its connection closed."""


@dataclass(frozen=True)
class Response:
    """Status and headers of the origin's response. `origin_unreachable`: the connector got none from the origin."""

    status: int
    headers: Headers
    origin_unreachable: bool = False


@dataclass(frozen=True)
class ConfigurationResult:
    """A connector's answer to a configuration push: the version that it runs now, whether it rejected the new one."""

    version: int
    rejected: bool


class Stream(Protocol):
    """One request and its response. Always `close` it: that resets an unfinished stream and returns its window."""

    trailers: Headers
    """Complete once `body` has ended."""

    async def response(self) -> Response:
        """Status and headers of the response. Raises ConnectionLost."""
        ...

    def body(self) -> AsyncIterator[bytes]:
        """The response's body as it arrives. Raises ConnectionLost where it is cut short."""
        ...

    async def send(self, data: bytes = b"", *, end: bool = False) -> None:
        """Sends more of the request's body, as fast as the connector's flow control allows. Raises ConnectionLost."""
        ...

    def close(self) -> None: ...


class TunnelConnection(ABC):
    """One connection of a connector. Its owner learns by callbacks when it can register and when it is closed."""

    location: str
    """The edge address that the connector dialled."""
    peer: str
    """The connector's IP address."""
    _streams: dict[int, Any]
    _draining = False
    _keep: Stream | None = None

    @abstractmethod
    async def control_stream(self) -> Stream:
        """The stream on which the connector registers, its body from the first byte on. Raises ConnectionLost."""

    @abstractmethod
    def request(
        self,
        method: bytes,
        host: bytes,
        path: bytes,
        headers: Sequence[tuple[bytes, bytes]],
        *,
        end_stream: bool,
        websocket: bool,
    ) -> Stream:
        """Opens a stream. `headers` are in lower case; `end_stream`: no body follows. Raises ConnectionLost."""

    @abstractmethod
    async def push_configuration(self, version: int, config: bytes) -> ConfigurationResult:
        """Sends a configuration, a JSON document, and waits for the connector's answer. Raises ConnectionLost."""

    @abstractmethod
    def close(self) -> None:
        """Closes in order, with a GOAWAY frame or its QUIC equivalent."""

    @abstractmethod
    def abort(self) -> None:
        """Cuts the connection without notice, as a network failure would."""

    def drain(self, keep: Stream | None = None) -> None:
        """Closes the connection once no stream but `keep` is open, so that requests in flight complete."""
        self._draining, self._keep = True, keep
        self._close_if_drained()

    def _close_if_drained(self) -> None:
        if self._draining and all(stream is self._keep for stream in self._streams.values()):
            self.close()


OnOpened = Callable[[TunnelConnection], Coroutine[None, None, None]]
OnClosed = Callable[[TunnelConnection], None]
