"""Responses that come from the edge itself: Cloudflare's status and error codes, with a reason for each."""

import html
from collections.abc import Iterable
from dataclasses import dataclass

from sandbox.edge.http1 import HttpConnection
from sandbox.edge.tunnel_connection import Headers
from sandbox.edge.visitor_request import VisitorRequest

_LINKS = 50


@dataclass(frozen=True)
class ErrorPage:
    """A response of the edge. `code` is Cloudflare's: https://developers.cloudflare.com/support/troubleshooting/."""

    status: int
    code: int
    title: str
    reason: str
    headers: tuple[tuple[bytes, bytes], ...] = ()
    links: tuple[tuple[str, str], ...] | None = None
    """Hostnames that a browser is offered instead, each with its address; None where that is no help."""


def no_origin(reason: str, links: Iterable[tuple[str, str]]) -> ErrorPage:
    return ErrorPage(530, 1016, "Origin DNS error", reason, links=tuple(links))


def no_connector(tunnel_name: str) -> ErrorPage:
    return ErrorPage(530, 1033, "Cloudflare Tunnel error", f"no connector of the tunnel {tunnel_name} is connected")


def connections_gone(tunnel_name: str) -> ErrorPage:
    return bad_gateway(f"the edge knows only connections of the tunnel {tunnel_name} that are gone")


def bad_gateway(reason: str) -> ErrorPage:
    return ErrorPage(502, 502, "Bad gateway", reason)


async def send(page: ErrorPage, request: VisitorRequest, connection: HttpConnection) -> None:
    """Responds with the page: as HTML to browsers, else as plain text whose first line is the one Cloudflare sends."""
    browser = is_browser(request)
    body = _html(page, request) if browser else f"error code: {page.code}\n{page.title}: {page.reason}.\n"
    headers: Headers = [
        (b"content-type", b"text/html; charset=utf-8" if browser else b"text/plain; charset=utf-8"),
        (b"cache-control", b"no-store"),
        *page.headers,
        *edge_headers(request),
    ]
    await connection.respond(page.status, headers, body.encode())


def is_browser(request: VisitorRequest) -> bool:
    return "text/html" in request.header(b"accept")


def edge_headers(request: VisitorRequest) -> Headers:
    """The headers that the edge adds to every response."""
    return [(b"server", b"cloudflare"), (b"cf-ray", request.ray.encode()), *request.response_headers]


def _links(links: tuple[tuple[str, str], ...] | None) -> str:
    """The hostnames that this sandbox serves, as links."""
    if links is None:
        return ""
    if not links:
        return "<p>No hostname leads to a tunnel yet: <code>python -m sandbox up</code> creates a stack.</p>\n"
    listed = "".join(f'<li><a href="{html.escape(url)}">{html.escape(name)}</a></li>' for name, url in links[:_LINKS])
    more = f"<li>and {len(links) - _LINKS} more</li>" if len(links) > _LINKS else ""
    return f"<p>This sandbox serves:</p>\n<ul>{listed}{more}</ul>\n"


def _html(page: ErrorPage, request: VisitorRequest) -> str:
    return f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{html.escape(page.title)} | {html.escape(request.host)}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ margin: 12vh auto; max-width: 38rem; padding: 0 1.5rem; font: 16px/1.5 system-ui, sans-serif; }}
h1 {{ font-size: 1.7rem; margin: 0 0 .3rem; }}
small {{ opacity: .65; }}
</style>
<h1>{html.escape(page.title)} <small>Error {page.code}</small></h1>
<p>{html.escape(page.reason[0].upper() + page.reason[1:])}.</p>
{_links(page.links)}<p><small>culvert sandbox in place of Cloudflare · Ray {request.ray}</small></p>
</html>
"""
