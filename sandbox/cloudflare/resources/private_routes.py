"""Private networks that are routed through tunnels. No packet to them is carried here.

Codes: 1014 with 409 for a network that has a route already (reports of "You already have a route defined for this exact
IP subnet"; another prefix length is another network, the longest prefix wins), 1015 with 404 for a missing route
(cloudflare/terraform-provider-cloudflare#6492).
"""

from ipaddress import IPv4Network, IPv6Network, ip_network

from fastapi import Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict

from sandbox.cloudflare import crud, ids
from sandbox.cloudflare.crud import Body, Query
from sandbox.cloudflare.resources import tunnels
from sandbox.cloudflare.resources.tunnel_filters import KIND
from sandbox.cloudflare.resources.virtual_networks import MISSING as NO_NETWORK
from sandbox.cloudflare.resources.virtual_networks import PERMISSION, Comment, deleted_only, networks
from sandbox.cloudflare.responses import ApiError, success
from sandbox.cloudflare.store import Store
from sandbox.cloudflare.tokens import requires

ROUTED = (1014, "You already have a route defined for this exact IP subnet")
MISSING = (
    1015,
    "You are trying to modify the route for a network that isn't routed. Please add the network before modifying it. "
    "Or, check that you specified the correct network.",
)


class Route(BaseModel):
    model_config = ConfigDict(strict=True)
    network: str
    tunnel_id: str
    comment: Comment | None = None
    virtual_network_id: str | None = None


class Routes(crud.Resource):
    kind = "routes"
    path = "/accounts/{account}/teamnet/routes"
    permission = PERMISSION
    model = Route
    missing = MISSING
    filters = ("tunnel_id", "virtual_network_id", "comment")
    defaults = {"comment": "", "deleted_at": None}
    update_methods = ("PATCH",)
    modified = None

    def validate(self, store: Store, scope: str, fields: Body, old: Body | None) -> Body:
        network = _network(fields["network"])
        if not ids.UUID.fullmatch(fields["tunnel_id"]):
            raise _malformed("tunnel_id: not a UUID")
        tunnels.of_account(store, scope, fields["tunnel_id"], alive=True)
        virtual_network = _virtual_network(store, scope, fields.get("virtual_network_id"))
        for other in store.bodies(self.kind, scope):
            is_same = (other["network"], other["virtual_network_id"]) == (network, virtual_network)
            if is_same and other["id"] != (old or {}).get("id"):
                raise ApiError(409, *ROUTED)
        changed = {"network": network, "tunnel_id": fields["tunnel_id"].lower(), "virtual_network_id": virtual_network}
        return {**fields, **changed}

    def listed(self, store: Store, scope: str, query: Query) -> list[Body]:
        if deleted_only(query):
            return []
        found = super().listed(store, scope, query)
        if subset := query.get("network_subset"):
            found = [route for route in found if _contains(ip_network(_network(subset)), ip_network(route["network"]))]
        if superset := query.get("network_superset"):
            found = [
                route for route in found if _contains(ip_network(route["network"]), ip_network(_network(superset)))
            ]
        return [with_names(store, scope, route) for route in found]

    def deleted(self, store: Store, stored: Body) -> Response:  # noqa: ARG002 - a hook
        return success({**stored, "deleted_at": ids.now()})


router = crud.router(Routes())


@router.get(f"{Routes.path}/ip/{{ip}}", dependencies=[requires(PERMISSION, "Read")])
async def read_by_address(request: Request, account: str, ip: str) -> Response:
    """The route that a packet to this address takes: the longest prefix in a virtual network, by default the
    account's default one."""
    store: Store = request.app.state.store
    address = ip_network(_network(ip))
    virtual_network = _virtual_network(store, account, request.query_params.get("virtual_network_id"))
    routes = [route for route in store.bodies("routes", account) if route["virtual_network_id"] == virtual_network]
    matching = [route for route in routes if _contains(ip_network(route["network"]), address)]
    if not matching:
        raise ApiError(404, *MISSING)
    return success(with_names(store, account, max(matching, key=lambda route: ip_network(route["network"]).prefixlen)))


def with_names(store: Store, account: str, route: Body) -> Body:
    """A route as lists show it, with the names of its tunnel and its virtual network."""
    names = {network["id"]: network["name"] for network in networks(store, account)}
    tunnel = tunnels.find(store, route["tunnel_id"])
    named = {"tunnel_name": tunnel["name"] if tunnel else "", "tun_type": KIND}
    return {**route, **named, "virtual_network_name": names.get(route["virtual_network_id"])}


def _contains(outer: IPv4Network | IPv6Network, inner: IPv4Network | IPv6Network) -> bool:
    return outer.version == inner.version and inner.subnet_of(outer)  # pyright: ignore[reportArgumentType]


def _network(text: str) -> str:
    try:
        return str(ip_network(text))
    except ValueError as error:
        raise _malformed(f"network: {error}") from error


def _virtual_network(store: Store, account: str, wanted: str | None) -> str:
    """The id of the virtual network a route is in: the one it names, or the account's default."""
    known = networks(store, account)
    if wanted is None:
        return next(network["id"] for network in known if network["is_default_network"])
    if wanted not in [network["id"] for network in known]:
        raise ApiError(400, *NO_NETWORK)
    return wanted


def _malformed(why: str) -> ApiError:
    code, message = Routes.malformed
    return ApiError(400, code, message.format(why=why))
