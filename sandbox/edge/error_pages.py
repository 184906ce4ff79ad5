"""What visitors are shown where the answer is the edge's own: Cloudflare's codes, with this sandbox's reasons."""

import html
from dataclasses import dataclass

from sandbox.edge.http1 import Conversation
from sandbox.edge.tunnel_connection import Headers
from sandbox.edge.visitor_request import Visit


@dataclass(frozen=True)
class Page:
    """An answer of the edge's. `code` is Cloudflare's (https://developers.cloudflare.com/support/troubleshooting/)."""

    status: int
    code: int
    title: str
    why: str
    headers: tuple[tuple[bytes, bytes], ...] = ()


def no_origin(why: str) -> Page:
    return Page(530, 1016, "Origin DNS error", why)


def no_connector(tunnel: str) -> Page:
    return Page(530, 1033, "Cloudflare Tunnel error", f"no connector of the tunnel {tunnel} is connected")


def bad_gateway(why: str) -> Page:
    return Page(502, 502, "Bad gateway", why)


async def show(page: Page, visit: Visit, conversation: Conversation) -> None:
    """Answers with the page: HTML for browsers, and for the others a text that begins as Cloudflare's does."""
    browser = "text/html" in visit.header(b"accept")
    body = _html(page, visit) if browser else f"error code: {page.code}\n{page.title}: {page.why}.\n"
    headers: Headers = [
        (b"content-type", b"text/html; charset=utf-8" if browser else b"text/plain; charset=utf-8"),
        (b"cache-control", b"no-store"),
        *page.headers,
        *marks(visit),
    ]
    await conversation.answer(page.status, headers, body.encode())


def marks(visit: Visit) -> Headers:
    """The headers that every answer through the edge carries."""
    return [(b"server", b"cloudflare"), (b"cf-ray", visit.ray.encode()), *visit.remarks]


def _html(page: Page, visit: Visit) -> str:
    return f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{html.escape(page.title)} | {html.escape(visit.host)}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ margin: 12vh auto; max-width: 38rem; padding: 0 1.5rem; font: 16px/1.5 system-ui, sans-serif; }}
h1 {{ font-size: 1.7rem; margin: 0 0 .3rem; }}
small {{ opacity: .65; }}
</style>
<h1>{html.escape(page.title)} <small>Error {page.code}</small></h1>
<p>{html.escape(page.why[0].upper() + page.why[1:])}.</p>
<p><small>culvert sandbox in Cloudflare's place · Ray {visit.ray}</small></p>
</html>
"""
