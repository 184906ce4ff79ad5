"""What every API call passes through: faults, the token, the rate limit, and the log."""

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
"""The scope extension through which the server lets a call close its connection: a function without arguments."""


class Gate:
    """ASGI middleware around the API. `app.state` of the application it wraps holds `store` and `trouble`."""

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
        trouble: faults.Trouble = request.app.state.trouble
        fault = trouble.meet(request.method, call.path)
        if fault is not None and fault.delay:
            await asyncio.sleep(fault.delay)
        if fault is None or fault.kind == "delay" or fault.performed:
            answer = call.send if fault is None or fault.kind == "delay" else _swallow
            await self._admit(call, trouble, answer)
        if fault is not None and fault.kind == "status":
            await call.refuse(faults.answer(fault))
        elif fault is not None and fault.kind == "drop":
            await call.drop()

    async def _admit(self, call: "_Call", trouble: faults.Trouble, answer: Send) -> None:
        state = call.request.app.state
        try:
            call.request.state.token = tokens.authenticate(state.store, call.request)
            trouble.count(call.request.state.token.id)
        except ApiError as refusal:
            await refusal.reply()(call.request.scope, call.replay, answer)
            return
        try:
            await self.app(call.request.scope, call.replay, answer)
        except Exception:
            # Still a call that was made, and an answer in the service's shape.
            logging.getLogger(__name__).exception("%s %s broke the emulator", call.request.method, call.path)
            broken = ApiError(500, 10013, "Internal Server Error", hint="this is the emulator's own mistake")
            await broken.reply()(call.request.scope, call.replay, answer)


async def _swallow(_message: Message) -> None:
    return None


class _Call:
    """One call: its body, to be read again further in, and its line in the log, written before the answer leaves."""

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
            self._note(message["status"])
        await self._send(message)

    async def refuse(self, refusal: ApiError) -> None:
        await refusal.reply()(self.request.scope, self.replay, self.send)

    async def drop(self) -> None:
        self._note(request_log.DROPPED)
        drop: Any = self.request.scope.get("extensions", {}).get(DROP)
        if drop is None:
            raise RuntimeError("this server cannot drop a connection")
        drop()
        # The server hears of the closed connection in its own turn; answering before that would be logged as an error.
        await asyncio.sleep(0.01)

    def _note(self, status: int) -> None:
        request_log.note(self.request.app.state.store, self.request.method, self.path, status, self.body)
