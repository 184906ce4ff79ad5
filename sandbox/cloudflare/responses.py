"""The envelope of every reply, and errors in it.

Shape: `{success, errors: [{code, message}], messages, result, result_info?}`, as in
https://developers.cloudflare.com/fundamentals/api/reference/.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import Request
from fastapi.responses import Response


class Guessed(int):
    """A code that no documentation and no report confirms. A reply with it has the header GUESS, and `make live`
    compares it with the service's."""


Failure = tuple[int, str]
"""The service's code and its message."""
GUESS = "culvert-sandbox-guessed"
"""Header of an error reply whose code is a guess; its value is the code."""
NOT_EMULATED = 501
"""The sandbox's own code. The service's codes are 971 or above."""


class ApiError(Exception):
    """An error reply: an HTTP status, the service's code and its message.

    `chain` holds the codes of the error's causes, `also` further errors, `pointer` the field as rulesets name it.
    `hint` is what only this emulator tells; it goes to `messages`, which the service leaves empty.
    """

    def __init__(
        self,
        status: int,
        code: int,
        message: str,
        *,
        chain: Sequence[Failure] = (),
        also: Sequence[Failure] = (),
        pointer: str = "",
        hint: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.status = status
        error: dict[str, Any] = {"code": code, "message": message}
        if chain:
            error["error_chain"] = [{"code": inner, "message": text} for inner, text in chain]
        if pointer:
            error["source"] = {"pointer": pointer}
        self.errors = [error, *({"code": other, "message": text} for other, text in also)]
        self.hint = hint
        self.headers = {**(headers or {}), **({GUESS: str(int(code))} if isinstance(code, Guessed) else {})}

    def reply(self) -> Response:
        messages = [{"code": 0, "message": f"culvert sandbox: {self.hint}"}] if self.hint else []
        body = {"success": False, "errors": self.errors, "messages": messages, "result": None}
        return as_json(body, self.status, self.headers)


def as_json(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(json.dumps(body), status, headers=dict(headers or {}), media_type="application/json")


def success(result: Any, info: Mapping[str, Any] | None = None) -> Response:
    body: dict[str, Any] = {"success": True, "errors": [], "messages": [], "result": result}
    if info is not None:
        body["result_info"] = info
    return as_json(body)


def page(request: Request, items: Sequence[Any], *, per_page: int = 20, at_most: int = 1000) -> Response:
    """One page of `items`, selected by the query's `page` and `per_page`; empty past the end, as clients expect."""
    number = _positive(request, "page", 1, 2**31)
    size = _positive(request, "per_page", per_page, at_most)
    part = items[(number - 1) * size : number * size]
    pages = -(-len(items) // size)
    info = {"page": number, "per_page": size, "count": len(part), "total_count": len(items), "total_pages": pages}
    return success(list(part), info)


def _positive(request: Request, name: str, default: int, at_most: int) -> int:
    text = request.query_params.get(name, str(default))
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= at_most:
        raise ApiError(400, 1004, f"{name} must be a number between 1 and {at_most}.")
    return int(text)


def no_route(path: str) -> ApiError:
    """The error for an unknown path or a malformed identifier.

    Message and codes: cloudflare/cloudflare-go#118 (both codes) and K0p1-Git/cloudflare-ddns-updater#61.
    """
    message = f"Could not route to {path}, perhaps your object identifier is invalid?"
    return ApiError(404, 7003, message, also=[(7000, "No route for that URI")])


def not_emulated(method: str, path: str) -> ApiError:
    """The error for a call that this emulator does not know: whether the service knows it cannot be told from here.

    Code and message are the sandbox's own. The header keeps Cloudflare's SDKs from repeating the call.
    """
    message = f"culvert sandbox: {method} {path} is not emulated; the service may answer it (docs/sandbox-api.md)"
    return ApiError(501, NOT_EMULATED, message, headers={"x-should-retry": "false"})
