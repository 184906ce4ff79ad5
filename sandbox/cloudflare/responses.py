"""The envelope of every reply, and the failures that travel in it.

Shape: `{success, errors: [{code, message}], messages, result, result_info?}`, as in
https://developers.cloudflare.com/fundamentals/api/reference/.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import Request
from fastapi.responses import Response


class ApiError(Exception):
    """A refusal: an HTTP status, the service's code and its words.

    `chain` holds further codes below the first one, `pointer` names the field as rulesets do. `hint` goes to
    `messages`, where the service says nothing: it tells what this emulator knows and the service would keep to itself.
    """

    def __init__(
        self,
        status: int,
        code: int,
        message: str,
        *,
        chain: Sequence[tuple[int, str]] = (),
        also: Sequence[tuple[int, str]] = (),
        pointer: str = "",
        hint: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.status = status
        error: dict[str, Any] = {"code": code, "message": message}
        if chain:
            error["error_chain"] = [{"code": inner, "message": words} for inner, words in chain]
        if pointer:
            error["source"] = {"pointer": pointer}
        self.errors = [error, *({"code": other, "message": words} for other, words in also)]
        self.hint = hint
        self.headers = dict(headers or {})

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
    """One page of `items`, chosen by the query's `page` and `per_page`; empty past the end, as clients expect."""
    number = _whole(request, "page", 1, 2**31)
    size = _whole(request, "per_page", per_page, at_most)
    part = items[(number - 1) * size : number * size]
    pages = -(-len(items) // size)
    info = {"page": number, "per_page": size, "count": len(part), "total_count": len(items), "total_pages": pages}
    return success(list(part), info)


def _whole(request: Request, name: str, default: int, at_most: int) -> int:
    text = request.query_params.get(name, str(default))
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= at_most:
        raise ApiError(400, 1004, f"{name} must be a number between 1 and {at_most}.")
    return int(text)


def no_route(path: str) -> ApiError:
    """An unknown path, or an identifier that cannot be one.

    Words and codes: reports such as cloudflare/cloudflare-go#118 (both codes) and K0p1-Git/cloudflare-ddns-updater#61.
    """
    words = f"Could not route to {path}, perhaps your object identifier is invalid?"
    return ApiError(404, 7003, words, also=[(7000, "No route for that URI")])
