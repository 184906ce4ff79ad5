"""The proxy between a run and Cloudflare's API: records each call, and guards everything that is not the run's."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.cloudflare import ids
from sandbox.cloudflare.server import listen
from scripts.live.exchange import Exchange, Reply

API = "/client/v4"
REFUSED = 403
_TIMEOUT = 60
_READS = ("GET", "HEAD", "OPTIONS")
_NOT_FORWARDED = ("host", "content-length", "connection", "accept-encoding", "transfer-encoding")
_SEVERAL = {"batch", "import"}
"""Endpoints that change several objects, which the body names."""
_METHODS = ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"]


@asynccontextmanager
async def _client(_app: Starlette) -> AsyncIterator[dict[str, httpx.AsyncClient]]:
    """One client for all calls: to make one reads all certificate authorities."""
    async with httpx.AsyncClient(timeout=_TIMEOUT) as client:
        yield {"client": client}


class Recorder:
    """Forwards calls to the API at `base_url`. `run` is the run's id, which the name of each of its objects contains.

    A write is forwarded if it is in the account or the zone (`scopes` has both ids), if its path names nothing that the
    run did not create, and if it changes what the run created or creates something whose body names the run. Others are
    answered 403 and recorded in `refused`. The caller's token is forwarded and never stored.
    """

    def __init__(self, base_url: str, run: str, scopes: tuple[str, str]) -> None:
        self.base_url = base_url.rstrip("/")
        self.run = run
        self._scopes = scopes
        self.step = ""
        """Name of the current step, for the records."""
        self.exchanges: list[Exchange] = []
        self.refused: list[str] = []
        self._created: dict[str, bool] = {}
        """Path of each object that the run created, and whether it still exists."""
        self._lock = threading.Lock()

    @property
    def left(self) -> list[str]:
        """Paths of the objects that the run created and that still exist, newest first."""
        return [path for path, exists in reversed(self._created.items()) if exists]

    def is_own(self, method: str, path: str, body: bytes) -> bool:
        """Whether this call may be forwarded."""
        if method in _READS:
            return True
        _, _, scope, *inner = [*path.partition("?")[0].split("/"), "", "", ""]
        created = {each.rpartition("/")[2] for each in self._created}
        named = {segment for segment in inner if ids.UUID.fullmatch(segment) or ids.HEX_ID.fullmatch(segment)}
        if scope not in self._scopes or not named <= created or not _SEVERAL.isdisjoint(inner):
            return False
        return bool(named) or (method == "POST" and self.run.encode() in body)

    def add(self, exchange: Exchange) -> None:
        with self._lock:
            self.exchanges.append(exchange)
            if exchange.created:
                self._created[exchange.created] = True
            if exchange.deleted in self._created:
                self._created[exchange.deleted] = False

    @contextmanager
    def serving(self) -> Iterator[str]:
        """Serves on loopback, and yields the value for CLOUDFLARE_BASE_URL."""
        routes = [Route(API + "/{path:path}", self._handle, methods=_METHODS)]
        app = Starlette(routes=routes, lifespan=_client)
        listener = listen(0)
        server = uvicorn.Server(
            uvicorn.Config(app, log_level="warning", access_log=False, lifespan="on", timeout_graceful_shutdown=5)
        )
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}{API}"
        finally:
            server.should_exit = True
            thread.join()

    async def _handle(self, request: Request) -> Response:
        # Shielded: a call whose caller is gone has its effect all the same, and must be known.
        return await asyncio.shield(self._forward(request))

    async def _forward(self, request: Request) -> Response:
        body = await request.body()
        raw: bytes = request.scope["raw_path"]
        path = raw.decode().removeprefix(API) + (f"?{request.url.query}" if request.url.query else "")
        if not self.is_own(request.method, path, body):
            self.refused.append(f"{request.method} {path}")
            message = f"make live: {request.method} is refused, since the run did not create what it would change"
            content = json.dumps({"success": False, "errors": [{"code": REFUSED, "message": message}], "result": None})
            return Response(content, REFUSED, media_type="application/json")
        headers = {key: value for key, value in request.headers.items() if key not in _NOT_FORWARDED}
        try:
            client: httpx.AsyncClient = request.state.client
            reply = await client.request(request.method, self.base_url + path, content=body, headers=headers)
        except httpx.HTTPError as error:
            self._record(request, path, body, Reply(0))
            return Response(f"{type(error).__name__} from {self.base_url}", 502, media_type="text/plain")
        content_type = reply.headers.get("content-type", "")
        self._record(request, path, body, Reply(reply.status_code, reply.content, content_type))
        kept = {key: reply.headers[key] for key in ("retry-after", "x-should-retry") if key in reply.headers}
        # A reply to HEAD, and a 204, has no content.
        return Response(reply.content, reply.status_code, headers=kept, media_type=content_type or None)

    def _record(self, request: Request, path: str, body: bytes, reply: Reply) -> None:
        content_type = request.headers.get("content-type", "")
        self.add(Exchange(self.step, request.method, path, reply, body, content_type))
