"""The Zero Trust organization of an account: one object, with the domain of its login page.

It is stored once it is created, and before that does not exist, as in an account in which Zero Trust was never set up.
The edge reads a tunnel's team from its ingress rules, not from here. The status is the service's; messages of the
refusals are guesses.
"""

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from sandbox.cloudflare import crud, ids, request_body
from sandbox.cloudflare.crud import Body
from sandbox.cloudflare.request_body import Duration, Text
from sandbox.cloudflare.resources.access_policies import INVALID, invalid
from sandbox.cloudflare.responses import ApiError, Guessed, success
from sandbox.cloudflare.store import Store
from sandbox.cloudflare.tokens import requires

PERMISSION = "Access: Organizations, Identity Providers, and Groups"
MISSING = (Guessed(12009), "access.api.error.organization_not_found")
"""With 404."""
KIND = "access_organizations"
_PATH = "/accounts/{account}/access/organizations"

router = APIRouter()


class Organization(BaseModel):
    """Its many switches are stored unchecked."""

    model_config = ConfigDict(strict=True, extra="allow")
    name: Text
    auth_domain: str = Field(pattern=r"^[a-z0-9-]+\.cloudflareaccess\.com$")
    session_duration: Duration | None = None


@router.get(_PATH, dependencies=[requires(PERMISSION, "Read")])
async def read(request: Request, account: str) -> Response:
    return _shown(_find(request.app.state.store, account))


@router.post(_PATH, dependencies=[requires(PERMISSION, "Edit")])
async def create(request: Request, account: str) -> Response:
    body = await request_body.json_object(request, *INVALID)
    if request.app.state.store.bodies(KIND, account):
        raise invalid("the account has an organization")
    defaults = {"session_duration": "24h", "created_at": ids.now()}
    return _save(request.app.state.store, account, {**defaults, **body})


@router.put(_PATH, dependencies=[requires(PERMISSION, "Edit")])
async def update(request: Request, account: str) -> Response:
    """Changes the fields that the body has."""
    body = await request_body.json_object(request, *INVALID)
    store: Store = request.app.state.store
    return _save(store, account, {**_find(store, account), **crud.without_nulls(body)})


def _find(store: Store, account: str) -> Body:
    found = store.bodies(KIND, account)
    if not found:
        raise ApiError(404, *MISSING)
    return found[0]


def _save(store: Store, account: str, organization: Body) -> Response:
    request_body.parse(Organization, organization, *INVALID)
    stored = {**organization, "id": f"organization of {account}", "updated_at": ids.now()}
    store.save(KIND, account, stored)
    return _shown(stored)


def _shown(stored: Body) -> Response:
    """The organization without the id under which it is stored; the service shows none."""
    return success({key: value for key, value in stored.items() if key != "id"})
