"""An emulator whose answers are altered: a service that differs from the emulator in known ways."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

Alter = Callable[[Any], Any]
"""Takes a response's body and returns another; bytes are sent as they are."""


@dataclass(frozen=True)
class Deviation:
    """What differs, for the calls of this method whose path contains `path`, where the emulator answers `status`."""

    method: str
    path: str
    alter: Alter = lambda body: body
    status: int = 200
    new_status: int = 0
    """In place of `status`; 0 keeps it."""

    def concerns(self, method: str, path: str, status: int) -> bool:
        return (method, status) == (self.method, self.status) and self.path in path


class Deviating:
    """ASGI middleware around an emulator's application."""

    def __init__(self, app: ASGIApp, deviations: Sequence[Deviation]) -> None:
        self.app, self.deviations = app, deviations

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started: list[Message] = []
        content = b""

        async def collect(message: Message) -> None:
            nonlocal content
            if message["type"] == "http.response.start":
                started.append(message)
                return
            content += message.get("body", b"")
            if not message.get("more_body"):
                start, body = self._altered(scope, started[0], content)
                await send(start)
                await send({"type": "http.response.body", "body": body})

        await self.app(scope, receive, collect if scope["type"] == "http" else send)

    def _altered(self, scope: Scope, start: Message, content: bytes) -> tuple[Message, bytes]:
        for deviation in self.deviations:
            if deviation.concerns(scope["method"], scope["path"], start["status"]):
                altered = deviation.alter(json.loads(content) if content else None)
                content = altered if isinstance(altered, bytes) else json.dumps(altered).encode()
                headers = [(key, value) for key, value in start["headers"] if key != b"content-length"]
                status = deviation.new_status or start["status"]
                return {
                    **start,
                    "status": status,
                    "headers": [*headers, (b"content-length", str(len(content)).encode())],
                }, content
        return start, content
