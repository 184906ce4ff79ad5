"""Load balancers of a zone: hostnames that are served by the account's pools, in order."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from sandbox.cloudflare import crud
from sandbox.cloudflare.crud import Body
from sandbox.cloudflare.request_body import Text
from sandbox.cloudflare.resources.load_balancer_monitors import INVALID, MISSING, check_name, not_found
from sandbox.cloudflare.store import Store


class LoadBalancer(BaseModel):
    model_config = ConfigDict(strict=True, extra="allow")
    name: Text
    default_pools: Annotated[list[str], Field(min_length=1)]
    fallback_pool: Text


class LoadBalancers(crud.Resource):
    kind = "load_balancers"
    path = "/zones/{zone}/load_balancers"
    permission = "Load Balancers"
    model = LoadBalancer
    missing = MISSING
    malformed = INVALID
    defaults = {"enabled": True, "proxied": False, "steering_policy": "", "session_affinity": "none"}
    created, modified = "created_on", "modified_on"
    update_methods = ("PUT", "PATCH")
    paged = False
    hex_ids = True

    def validate(self, store: Store, scope: str, fields: Body, old: Body | None) -> Body:
        check_name(store, self.kind, scope, fields, old)
        zone = store.one("SELECT account FROM zones WHERE id = ?", scope)
        assert zone is not None
        for pool in (*fields["default_pools"], fields["fallback_pool"]):
            if not store.has("load_balancer_pools", zone["account"], pool):
                raise not_found("pools", pool)
        return fields


router = crud.router(LoadBalancers())
