"""Request bodies: parsing of JSON, and validation against a model."""

import json
from typing import Annotated, Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, StringConstraints, ValidationError

from sandbox.cloudflare.responses import ApiError

Model = TypeVar("Model", bound=BaseModel)
Text = Annotated[str, StringConstraints(min_length=1)]
Duration = Annotated[str, StringConstraints(pattern=r"^([0-9]+(ns|us|µs|ms|s|m|h))+$")]
"""As Go writes it: `24h`, `1h30m`."""


async def json_object(request: Request, code: int, message: str) -> dict[str, Any]:
    """The body as a JSON object. Raises ApiError (400) otherwise: this code, and `message` with `{why}` filled in."""
    raw = await request.body()
    try:
        body = json.loads(raw, parse_constant=_reject)
        if b"\\u" in raw:
            # A lone surrogate is valid JSON but cannot be encoded: it could be neither stored nor sent back.
            json.dumps(body, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise ApiError(400, code, message.format(why=error)) from error
    if not isinstance(body, dict):
        raise ApiError(400, code, message.format(why="expected an object"))
    return body


def _reject(constant: str) -> None:
    raise ValueError(f"{constant} is not a JSON number")


def parse(model: type[Model], body: Any, code: int, message: str) -> Model:
    """`body` as the model. Raises ApiError (400) for its first invalid field: this code, and `message` likewise."""
    try:
        return model.model_validate(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        why = f"{where}: {first['msg']}" if where else first["msg"]
        raise ApiError(400, code, message.format(why=why)) from error
