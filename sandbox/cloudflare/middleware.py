"""Middleware of the API: injects faults, authenticates the token, enforces the rate limit, and logs the call."""

import asyncio
import logging
from typing import Any
from urllib.parse import urlsplit

from fastapi import Request
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.cloudflare import faults, request_log, tokens
from sandbox.cloudflare.responses import ApiError

API = "/client/v4"
DROP = "culvert.drop"
"""Scope extension of the server: a function without arguments that closes the connection of a request."""


class ApiMiddleware:
    """ASGI middleware around the API. The application's `state` has `store` and `faults`."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(API + "/"):
            await self.app(scope, receive, send)
            return
        request = Request(scope, receive)
        try:
            body = await request.body()
        except ClientDisconnect:
            return
        call = _Call(request, body, send)
        injector: faults.FaultInjector = request.app.state.faults
        fault = injector.next_fault(request.method, call.path)
        if fault is not None and fault.delay:
            await asyncio.sleep(fault.delay)
        if fault is None or fault.kind == "delay":
            await self._handle(call, injector, call.send)
        elif fault.performed:
            await self._handle(call, injector, _discard)
        if fault is not None and fault.kind == "status":
            await call.refuse(faults.error(fault))
        elif fault is not None and fault.kind == "drop":
            await call.drop()

    async def _handle(self, call: "_Call", injector: faults.FaultInjector, send: Send) -> None:
        state = call.request.app.state
        try:
            call.request.state.token = tokens.authenticate(state.store, call.request)
            injector.count_call(call.request.state.token.id)
        except ApiError as error:
            await error.reply()(call.request.scope, call.replay, send)
            return
        try:
            await self.app(call.request.scope, call.replay, send)
        except Exception:
            # Logged as a call all the same, and answered in the service's envelope.
            logging.getLogger(__name__).exception("%s %s failed in the emulator", call.request.method, call.path)
            error = ApiError(500, 10013, "Internal Server Error", hint="this is a bug in the emulator")
            await error.reply()(call.request.scope, call.replay, send)


async def _discard(_message: Message) -> None:
    return None


class _Call:
    """One call: its body, which the application reads again, and its log entry, written before the reply is sent."""

    def __init__(self, request: Request, body: bytes, send: Send) -> None:
        self.request = request
        self.body = body
        self._send = send
        parts = urlsplit(str(request.url))
        self.path = parts.path + (f"?{parts.query}" if parts.query else "")

    async def replay(self) -> Message:
        return {"type": "http.request", "body": self.body, "more_body": False}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._log(message["status"])
        await self._send(message)

    async def refuse(self, error: ApiError) -> None:
        await error.reply()(self.request.scope, self.replay, self.send)

    async def drop(self) -> None:
        self._log(request_log.DROPPED)
        drop: Any = self.request.scope.get("extensions", {}).get(DROP)
        if drop is None:
            raise RuntimeError("this server cannot drop a connection")
        drop()
        # The server notices the closed connection in the loop's next turn; returning earlier is logged as an error.
        await asyncio.sleep(0.01)

    def _log(self, status: int) -> None:
        request_log.add(self.request.app.state.store, self.request.method, self.path, status, self.body)
