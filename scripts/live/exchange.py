"""A recorded call of the API."""

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Reply:
    """A reply of the service or of the emulator. `status` is 0 where there was none."""

    status: int
    content: bytes = b""
    content_type: str = ""
    guess: str = ""
    """The emulator's code where it is a guess."""

    @property
    def body(self) -> Any:
        """The JSON value; None where the reply has none."""
        try:
            return json.loads(self.content) if self.content else None
        except ValueError:
            return None

    @property
    def result(self) -> Any:
        body = self.body
        return body.get("result") if isinstance(body, dict) else None

    @property
    def errors(self) -> list[dict[str, Any]]:
        body = self.body
        errors = body.get("errors") if isinstance(body, dict) else None
        return [each for each in errors if isinstance(each, dict)] if isinstance(errors, list) else []

    @property
    def is_forbidden(self) -> bool:
        """Whether the API refused the token."""
        return self.status in (401, 403)

    @property
    def code(self) -> str:
        """The code of the first error; empty without one."""
        return str(self.errors[0].get("code", "")) if self.errors else ""


@dataclass(frozen=True)
class Exchange:
    """One call and the service's reply. Bodies stay in memory: they may hold secrets."""

    step: str
    method: str
    path: str
    """Below the API's base, with the query."""
    reply: Reply
    body: bytes = field(default=b"", repr=False)
    content_type: str = ""

    @property
    def sent(self) -> Any:
        """The JSON value of the call's body; None where it has none."""
        return Reply(0, self.body).body

    @property
    def route(self) -> str:
        """The path without its query."""
        return urlsplit(self.path).path

    @property
    def created(self) -> str:
        """Path of what this call created; empty for other calls."""
        result = self.reply.result
        if self.method != "POST" or not 200 <= self.reply.status < 300 or not isinstance(result, dict):
            return ""
        return f"{self.route}/{result['id']}" if isinstance(result.get("id"), str) else ""

    @property
    def deleted(self) -> str:
        """Path of what no longer exists after this call; empty for other calls."""
        gone = self.method == "DELETE" and (200 <= self.reply.status < 300 or self.reply.status == 404)
        return self.route if gone else ""
