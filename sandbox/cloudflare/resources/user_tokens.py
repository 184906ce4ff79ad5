"""API tokens of the user: the verification of the calling one. They are created by the emulator's owner."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from sandbox.cloudflare.responses import success

router = APIRouter()


@router.get("/user/tokens/verify")
async def verify(request: Request) -> Response:
    return success({"id": request.state.token.id, "status": "active"})
