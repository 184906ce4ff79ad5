"""Load balancer pools: groups of origins, with the monitor that checks them."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from sandbox.cloudflare import crud
from sandbox.cloudflare.crud import Body, Query
from sandbox.cloudflare.request_body import Text
from sandbox.cloudflare.resources.load_balancer_monitors import (
    INVALID,
    MISSING,
    PERMISSION,
    REFERENCED,
    check_name,
    not_found,
)
from sandbox.cloudflare.responses import ApiError
from sandbox.cloudflare.store import Store


class Origin(BaseModel):
    model_config = ConfigDict(strict=True, extra="allow")
    name: Text
    address: Text


class Pool(BaseModel):
    model_config = ConfigDict(strict=True, extra="allow")
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$")]
    origins: Annotated[list[Origin], Field(min_length=1)]
    monitor: str | None = None


class Pools(crud.Resource):
    kind = "load_balancer_pools"
    path = "/accounts/{account}/load_balancers/pools"
    permission = PERMISSION
    model = Pool
    missing = MISSING
    malformed = INVALID
    defaults = {"enabled": True, "minimum_origins": 1, "networks": ["cloudflare"]}
    created, modified = "created_on", "modified_on"
    update_methods = ("PUT", "PATCH")
    filters = ("monitor",)
    paged = False
    hex_ids = True

    def validate(self, store: Store, scope: str, fields: Body, old: Body | None) -> Body:
        check_name(store, self.kind, scope, fields, old)
        monitor = fields.get("monitor")
        if monitor and not store.has("load_balancer_monitors", scope, monitor):
            raise not_found("monitors", monitor)
        return {**fields, "origins": [{"enabled": True, "weight": 1, **origin} for origin in fields["origins"]]}

    def before_delete(self, store: Store, scope: str, stored: Body, query: Query) -> None:  # noqa: ARG002 - a hook
        zones = store.all("SELECT id FROM zones WHERE account = ?", scope)
        for balancer in (each for zone in zones for each in store.bodies("load_balancers", zone["id"])):
            if stored["id"] in (*balancer["default_pools"], balancer["fallback_pool"]):
                raise ApiError(412, *REFERENCED)


router = crud.router(Pools())
