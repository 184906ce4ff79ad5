"""A visitor's request to a hostname, over the internet or through a front that stands in for it."""

import os
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlsplit

import httpx

from ops.verify.result import Unread

_ENOUGH = 4096
"""Bytes of the answer that are read: Cloudflare's error code stands at the beginning."""


@dataclass(frozen=True)
class Visit:
    """What a visitor met. `trouble` is `name`, `certificate` or `connection` where there was no answer, with `detail`."""

    url: str
    addresses: tuple[str, ...] = ()
    trouble: str = ""
    detail: str = ""
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""
    body: str = ""
    expires: datetime | None = None
    """When the certificate does."""


class Visitor:
    """Visits hostnames. `CULVERT_VERIFY_FRONT` (host:port) is where all of them are in place of the internet, and
    `CULVERT_VERIFY_CA` a file with the authority that is trusted there."""

    def __init__(self) -> None:
        self.front = os.environ.get("CULVERT_VERIFY_FRONT", "")
        host, colon, port = self.front.rpartition(":")
        if self.front and not (host and colon and port.isdigit()):
            raise Unread(f"CULVERT_VERIFY_FRONT is {self.front!r}", "give it as host:port, such as 127.0.0.1:8443")
        authority = os.environ.get("CULVERT_VERIFY_CA") or None
        try:
            self._tls = ssl.create_default_context(cafile=authority)
        except (OSError, ssl.SSLError):
            raise Unread(f"CULVERT_VERIFY_CA is {authority!r}, no file with certificates", "name a PEM file") from None
        self._client = httpx.Client(verify=self._tls, timeout=20, trust_env=not self.front)

    def visit(self, url: str) -> Visit:
        """One GET, following nothing."""
        parts = urlsplit(url)
        hostname = parts.hostname or ""
        addresses = (self.front,) if self.front else _addresses(hostname)
        if not addresses:
            return Visit(url, trouble="name", detail="the name does not resolve")
        asked = parts._replace(netloc=self.front).geturl() if self.front else url
        request = self._client.build_request("GET", asked, headers={"Host": hostname, "User-Agent": "culvert-verify"})
        request.extensions["sni_hostname"] = hostname
        try:
            reply = self._client.send(request, stream=True)
        except httpx.HTTPError as error:
            untrusted = _tls_error(error)
            trouble = "certificate" if untrusted else "connection"
            return Visit(url, addresses, trouble, untrusted or f"{type(error).__name__}")
        try:
            expires = _expires(reply)
            body = next(reply.iter_bytes(_ENOUGH), b"").decode(errors="replace")
        except httpx.HTTPError as error:
            return Visit(url, addresses, "connection", f"{type(error).__name__} in the middle of the answer")
        finally:
            reply.close()
        headers = {name.lower(): value for name, value in reply.headers.items()}
        return Visit(url, addresses, status=reply.status_code, headers=headers, body=body, expires=expires)


def _addresses(hostname: str) -> tuple[str, ...]:
    try:
        found = socket.getaddrinfo(hostname, 443, proto=socket.IPPROTO_TCP)
    except OSError:
        return ()
    return tuple(dict.fromkeys(str(each[4][0]) for each in found))


def _tls_error(error: BaseException | None) -> str:
    """What TLS has to say against the server, empty where it has nothing to do with it."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return error.verify_message
        if isinstance(error, ssl.SSLError):
            return error.reason or "no TLS"
        error = error.__cause__ or error.__context__
    return ""


def _expires(reply: httpx.Response) -> datetime | None:
    stream = reply.extensions.get("network_stream")
    tls = stream.get_extra_info("ssl_object") if stream else None
    until = (tls.getpeercert() or {}).get("notAfter") if tls else None
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(until), UTC) if isinstance(until, str) else None
