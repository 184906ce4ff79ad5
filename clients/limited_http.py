"""An HTTP client of httpx whose replies have limits of time and size."""

from typing import Any

import httpx

from clients.limits import MAX_BYTES, SECONDS, ReplyTooLarge, collect, within


class LimitedClient(httpx.Client):
    """An HTTP client whose replies are complete within `seconds`, in at most `limit` bytes, or fail as httpx's do."""

    def __init__(self, *, seconds: float = SECONDS, limit: int = MAX_BYTES, **options: Any) -> None:
        super().__init__(**options)
        self._seconds, self._limit = seconds, limit

    def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        """Sends a request and reads its reply, never as a stream."""
        try:
            return within(lambda: self._read(request, {**options, "stream": True}), self._seconds)
        except TimeoutError as error:
            raise httpx.ReadTimeout(str(error), request=request) from None
        except ReplyTooLarge as error:
            raise httpx.RemoteProtocolError(str(error), request=request) from None

    def _read(self, request: httpx.Request, options: dict[str, Any]) -> httpx.Response:
        reply = super().send(request, **options)
        try:
            content = collect(reply.iter_bytes(), self._limit)
        finally:
            reply.close()
        # The content is decompressed.
        headers = [
            each for each in reply.headers.multi_items() if each[0] not in ("content-encoding", "content-length")
        ]
        return httpx.Response(reply.status_code, headers=headers, content=content, request=reply.request)
