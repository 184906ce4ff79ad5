"""Reading request bodies: JSON, and then a closed or open set of typed fields."""

import json
from typing import Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError

from sandbox.cloudflare.responses import ApiError

Model = TypeVar("Model", bound=BaseModel)


async def json_object(request: Request, code: int, message: str) -> dict[str, Any]:
    """The body as a JSON object; anything else is a 400 with this code, and `message` with `{why}` filled in."""
    raw = await request.body()
    try:
        body = json.loads(raw, parse_constant=_refuse)
        if b"\\u" in raw:
            # Half a surrogate pair is JSON, but no text: it could be neither stored nor sent back.
            json.dumps(body, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as mistake:
        raise ApiError(400, code, message.format(why=mistake)) from mistake
    if not isinstance(body, dict):
        raise ApiError(400, code, message.format(why="expected an object"))
    return body


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON number")


def parse(model: type[Model], body: Any, code: int, message: str) -> Model:
    """`body` as the model; the first mistake is a 400 with this code, and `message` with `{why}` filled in."""
    try:
        return model.model_validate(body)
    except ValidationError as mistakes:
        first = mistakes.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        why = f"{where}: {first['msg']}" if where else first["msg"]
        raise ApiError(400, code, message.format(why=why)) from mistakes
