"""Several changes of a zone's records in one call: all of them happen, or none.

https://developers.cloudflare.com/dns/manage-dns-records/how-to/batch-record-changes/: deletes come first, then patches,
puts and posts; 200 records at most on the free plan.
"""

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from sandbox.cloudflare import crud, request_body
from sandbox.cloudflare.crud import Body
from sandbox.cloudflare.resources.dns_record_validation import MALFORMED
from sandbox.cloudflare.resources.dns_records import Records
from sandbox.cloudflare.responses import ApiError, Guessed, success
from sandbox.cloudflare.store import Store
from sandbox.cloudflare.tokens import requires

MAX_CHANGES = 200
TOO_MANY = (Guessed(9207), f"Request body is invalid: at most {MAX_CHANGES} records per batch.")
"""With 400; the message is a guess too."""
_RECORDS = Records()

router = APIRouter()


class Existing(BaseModel):
    model_config = ConfigDict(extra="allow")
    id: str


class Batch(BaseModel):
    model_config = ConfigDict(extra="ignore")
    deletes: list[Existing] = Field(default_factory=list)
    patches: list[Existing] = Field(default_factory=list)
    puts: list[Existing] = Field(default_factory=list)
    posts: list[Body] = Field(default_factory=list)


@router.post(f"{_RECORDS.path}/batch", dependencies=[requires(_RECORDS.permission, "Edit")])
async def change(request: Request, zone: str) -> Response:
    raw = await request_body.json_object(request, *MALFORMED)
    batch = request_body.parse(Batch, crud.without_nulls(raw), *MALFORMED)
    if sum(map(len, (batch.deletes, batch.patches, batch.puts, batch.posts))) > MAX_CHANGES:
        raise ApiError(400, *TOO_MANY)
    store: Store = request.app.state.store
    with store.transaction():
        deleted = [crud.delete_object(_RECORDS, store, zone, each.id, {}) for each in batch.deletes]
        patched = [_change(store, zone, each, "PATCH") for each in batch.patches]
        put = [_change(store, zone, each, "PUT") for each in batch.puts]
        posted = [crud.write(_RECORDS, store, zone, each, None, "POST") for each in batch.posts]
    return success({"deletes": deleted, "patches": patched, "puts": put, "posts": posted})


def _change(store: Store, zone: str, existing: Existing, method: str) -> Body:
    body = {key: value for key, value in existing.model_dump().items() if key != "id"}
    return crud.write(_RECORDS, store, zone, body, _RECORDS.find(store, zone, existing.id), method)
