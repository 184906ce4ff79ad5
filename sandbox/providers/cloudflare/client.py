"""HTTP client of the Cloudflare API with the official plugin's errors and retries.

Source: cloudflare-go v7 `internal/requestconfig`: ten retries without a reply and on 408, 429 and 5xx, after
`retry-after`, however long that is, or else 2 s · 2ⁿ up to 30 s, less up to a quarter. It retries 409 as well, for
minutes; this one does not, because a conflict does not resolve itself.
"""

import random
import time
from collections.abc import Callable
from typing import Any

import httpx

from sandbox.providers.interface import ProviderError

BASE_URL = "https://api.cloudflare.com/client/v4"
RETRIES = 10
TIMEOUT = 60.0
"""Seconds until a call without a reply fails. The official client has no timeout of its own."""
FIRST_DELAY, MAX_DELAY = 2.0, 30.0
"""Seconds, without a `retry-after`."""


class ApiError(ProviderError):
    """An error reply of the API, with the official plugin's message: method, address, status, and the reply's body."""

    def __init__(self, method: str, url: str, status: int, body: str) -> None:
        phrase = httpx.codes.get_reason_phrase(status)
        super().__init__(f'failed to make http request: {method} "{url}": {status} {phrase} {body}')
        self.status = status


class Client:
    """One base address and one token; safe to share between threads."""

    def __init__(self, base_url: str, token: str) -> None:
        headers = {"authorization": f"Bearer {token}"} if token else {}
        limits = httpx.Limits(max_connections=64, max_keepalive_connections=64)
        self._base_url = base_url.rstrip("/")
        # Proxies of the environment do not reach an emulator on loopback.
        remote = httpx.URL(base_url).host not in ("127.0.0.1", "localhost", "::1")
        self._http = httpx.Client(headers=headers, timeout=TIMEOUT, limits=limits, trust_env=remote)

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        query: dict[str, str] | None = None,
        pause: Callable[[float], object] = time.sleep,
    ) -> Any:
        """The reply's `result`; None for an empty reply. Raises ApiError.

        `pause` sleeps for some seconds; a true result ends the retries.
        """
        url = self._base_url + path
        attempt = 0
        while True:
            reply, reason = self._send(method, url, body, query)
            if reply is not None and reply.is_success:
                return reply.json().get("result") if reply.content else None
            if attempt == RETRIES or (reply is not None and not _temporary(reply)):
                break
            if pause(_delay(reply, attempt)):
                break
            attempt += 1
        if reply is None:
            raise ProviderError(f'failed to make http request: {method} "{url}": {reason}')
        raise ApiError(method, str(reply.request.url), reply.status_code, reply.text)

    def _send(
        self, method: str, url: str, body: Any, query: dict[str, str] | None
    ) -> tuple[httpx.Response | None, str]:
        try:
            return self._http.request(method, url, json=body, params=dict(sorted(query.items())) if query else None), ""
        except httpx.TransportError as error:
            return None, str(error) or type(error).__name__


def _temporary(reply: httpx.Response) -> bool:
    should_retry = reply.headers.get("x-should-retry")
    return should_retry == "true" or (
        should_retry != "false" and (reply.status_code in (408, 429) or reply.status_code >= 500)
    )


def _delay(reply: httpx.Response | None, attempt: int) -> float:
    for header, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            seconds = float(reply.headers[header]) * unit if reply is not None else -1
        except (KeyError, ValueError):
            continue
        if seconds >= 0:
            return seconds
    delay = min(FIRST_DELAY * 2**attempt, MAX_DELAY)
    return delay - random.uniform(0, delay / 4)
