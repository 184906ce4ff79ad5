"""Private hostnames that are routed through tunnels. No packet to them is carried here.

Statuses are the service's; messages are guesses, as are the codes.
"""

from pydantic import BaseModel, ConfigDict

from sandbox.cloudflare import crud, ids
from sandbox.cloudflare.crud import Body
from sandbox.cloudflare.resources import tunnels
from sandbox.cloudflare.resources.virtual_networks import PERMISSION, Comment
from sandbox.cloudflare.responses import ApiError, Guessed
from sandbox.cloudflare.store import Store

ROUTED = (Guessed(1020), "You already have a route defined for this hostname")
MISSING = (Guessed(1021), "Hostname route not found")


class HostnameRoute(BaseModel):
    model_config = ConfigDict(strict=True)
    hostname: str
    tunnel_id: str
    comment: Comment | None = None


class HostnameRoutes(crud.Resource):
    kind = "hostname_routes"
    path = "/accounts/{account}/zerotrust/routes/hostname"
    permission = PERMISSION
    model = HostnameRoute
    missing = MISSING
    filters = ("id", "hostname", "tunnel_id", "comment")
    defaults = {"comment": "", "deleted_at": None}
    update_methods = ("PATCH",)
    modified = None

    def validate(self, store: Store, scope: str, fields: Body, old: Body | None) -> Body:
        if not ids.UUID.fullmatch(fields["tunnel_id"]):
            code, message = self.malformed
            raise ApiError(400, code, message.format(why="tunnel_id: not a UUID"))
        tunnels.of_account(store, scope, fields["tunnel_id"], alive=True)
        hostname = fields["hostname"].lower()
        for other in store.bodies(self.kind, scope):
            if other["hostname"] == hostname and other["id"] != (old or {}).get("id"):
                raise ApiError(409, *ROUTED)
        return {**fields, "hostname": hostname, "tunnel_id": fields["tunnel_id"].lower()}


router = crud.router(HostnameRoutes())
