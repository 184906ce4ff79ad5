"""An HTTP client of httpx whose replies have limits of time and size."""

from typing import Any

import httpx

from clients.limits import MAX_BYTES, ReplyTooLarge, collect, within


class Stalled(BaseException):
    """A reply that was not complete in time. Not an Exception: Cloudflare's SDK would pause and repeat the call."""


class LimitedClient(httpx.Client):
    """An HTTP client whose replies are complete within the request's timeout, in at most `limit` bytes.

    Raises Stalled where a reply takes longer, RemoteProtocolError where it is larger, and else as httpx does.
    """

    def __init__(self, *, limit: int = MAX_BYTES, **options: Any) -> None:
        super().__init__(**options)
        self._limit = limit

    def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        """Sends a request and reads its reply, never as a stream."""
        seconds = request.extensions["timeout"]["read"]
        try:
            return within(lambda: self._read(request, {**options, "stream": True}), seconds)
        except (TimeoutError, httpx.TimeoutException) as error:
            raise Stalled(str(error)) from None
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
