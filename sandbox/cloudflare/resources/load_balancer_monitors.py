"""Load balancer monitors: how the origins of pools are checked. They are stored and never run."""

from pydantic import BaseModel, ConfigDict

from sandbox.cloudflare import crud
from sandbox.cloudflare.crud import Body, Query
from sandbox.cloudflare.request_body import Text
from sandbox.cloudflare.responses import ApiError, Guessed
from sandbox.cloudflare.store import Store

INVALID = (1002, "{why}: validation failed")
"""With 400, for pools, monitors and load balancers: hashicorp/terraform#17948."""
NAME_TAKEN = (1003, "value not unique")
"""With 400: cloudflare/terraform-provider-cloudflare#6275."""
REFERENCED = (1005, "This object is referenced by other objects, delete them first.")
"""With 412: cloudflare/terraform-provider-cloudflare#66."""
MISSING = (Guessed(1001), "not found")
"""With 404."""
PERMISSION = "Load Balancers: Monitors And Pools"


class Monitor(BaseModel):
    model_config = ConfigDict(strict=True, extra="allow")
    type: Text = "http"


class Monitors(crud.Resource):
    kind = "load_balancer_monitors"
    path = "/accounts/{account}/load_balancers/monitors"
    permission = PERMISSION
    model = Monitor
    missing = MISSING
    malformed = INVALID
    defaults = {"method": "GET", "path": "/"}
    created, modified = "created_on", "modified_on"
    update_methods = ("PUT", "PATCH")
    paged = False
    hex_ids = True

    def before_delete(self, store: Store, scope: str, stored: Body, query: Query) -> None:  # noqa: ARG002 - a hook
        if any(pool.get("monitor") == stored["id"] for pool in store.bodies("load_balancer_pools", scope)):
            raise ApiError(412, *REFERENCED)


router = crud.router(Monitors())


def check_name(store: Store, kind: str, scope: str, fields: Body, old: Body | None) -> None:
    """Raises ApiError where another object of this kind has the name."""
    others = [each for each in store.bodies(kind, scope) if each["id"] != (old or {}).get("id")]
    if fields["name"] in [each["name"] for each in others]:
        raise ApiError(400, *NAME_TAKEN)


def not_found(what: str, id: str) -> ApiError:
    """The refusal of a reference to what does not exist."""
    code, message = INVALID
    return ApiError(400, code, message.format(why=f"{what}: {id} not found"))
