"""An HTTP request to a public hostname: over the internet, or through a proxy that replaces it."""

import os
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlsplit

import httpx

from clients.errors import CheckUnavailable
from clients.limits import time_limit, within

_BODY_LIMIT = 4096
"""Bytes of the body that are read: Cloudflare's error code is near the start."""


@dataclass(frozen=True)
class Response:
    """The response to a probe, or why there is none."""

    url: str
    addresses: tuple[str, ...] = ()
    failure: str = ""
    """`name`, `certificate` or `connection`, if there is no response; `detail` says more."""
    detail: str = ""
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""
    body: str = ""
    certificate_expires: datetime | None = None


class HttpProbe:
    """Sends GET requests to public URLs.

    `CULVERT_VERIFY_FRONT` (host:port) receives all requests in place of the internet, and `CULVERT_VERIFY_CA` is a
    PEM file with the certificate authority to trust there.
    """

    def __init__(self) -> None:
        self.front = os.environ.get("CULVERT_VERIFY_FRONT", "")
        host, colon, port = self.front.rpartition(":")
        if self.front and not (host and colon and port.isdigit()):
            reason = f"CULVERT_VERIFY_FRONT is {self.front!r}, which is not host:port"
            raise CheckUnavailable(reason, "set it to host:port, such as 127.0.0.1:8443")
        authority = os.environ.get("CULVERT_VERIFY_CA") or None
        try:
            self._tls = ssl.create_default_context(cafile=authority)
        except (OSError, ssl.SSLError):
            reason = f"CULVERT_VERIFY_CA is {authority!r}, which is not a file with certificates"
            raise CheckUnavailable(reason, "set it to a PEM file") from None
        self._limit = time_limit()
        self._client = httpx.Client(verify=self._tls, timeout=self._limit, trust_env=not self.front)

    def get(self, url: str) -> Response:
        """Sends one GET request and follows no redirect."""
        try:
            return within(lambda: self._get(url), self._limit)
        except TimeoutError as error:
            return Response(url, failure="connection", detail=str(error))

    def _get(self, url: str) -> Response:
        parts = urlsplit(url)
        hostname = parts.hostname or ""
        addresses = (self.front,) if self.front else _resolve(hostname)
        if not addresses:
            return Response(url, failure="name", detail="the name does not resolve")
        target = parts._replace(netloc=self.front).geturl() if self.front else url
        request = self._client.build_request("GET", target, headers={"Host": hostname, "User-Agent": "culvert-verify"})
        request.extensions["sni_hostname"] = hostname
        try:
            reply = self._client.send(request, stream=True)
        except httpx.HTTPError as error:
            tls_error = _tls_error(error)
            failure = "certificate" if tls_error else "connection"
            return Response(url, addresses, failure, tls_error or type(error).__name__)
        try:
            expires = _certificate_expires(reply)
            body = next(reply.iter_bytes(_BODY_LIMIT), b"").decode(errors="replace")
        except httpx.HTTPError as error:
            return Response(url, addresses, "connection", f"{type(error).__name__} while reading the response")
        finally:
            reply.close()
        headers = {name.lower(): value for name, value in reply.headers.items()}
        return Response(
            url, addresses, status=reply.status_code, headers=headers, body=body, certificate_expires=expires
        )


def _resolve(hostname: str) -> tuple[str, ...]:
    try:
        found = socket.getaddrinfo(hostname, 443, proto=socket.IPPROTO_TCP)
    except OSError:
        return ()
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


def _tls_error(error: BaseException | None) -> str:
    """Why TLS failed; empty if the error has another cause."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return error.verify_message
        if isinstance(error, ssl.SSLError):
            return error.reason or "no TLS"
        error = error.__cause__ or error.__context__
    return ""


def _certificate_expires(reply: httpx.Response) -> datetime | None:
    stream = reply.extensions.get("network_stream")
    tls = stream.get_extra_info("ssl_object") if stream else None
    until = (tls.getpeercert() or {}).get("notAfter") if tls else None
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(until), UTC) if isinstance(until, str) else None
