"""Live connections of a tunnel, grouped by connector: listed and dropped."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from sandbox.cloudflare import connections
from sandbox.cloudflare.resources import configurations, tunnels
from sandbox.cloudflare.responses import ApiError, Guessed, success
from sandbox.cloudflare.store import Store
from sandbox.cloudflare.tokens import requires

NO_CONNECTOR = (Guessed(1003), "Connector not found")
"""With 404; the message is a guess too."""

router = APIRouter()
_PATH = f"{tunnels.Tunnels.path}/{{tunnel}}/connections"


@router.get(_PATH, dependencies=[requires(tunnels.PERMISSION, "Read")])
async def index(request: Request, account: str, tunnel: str) -> Response:
    store: Store = request.app.state.store
    row = tunnels.of_account(store, account, tunnel)
    return success(connectors(store, row["id"]))


@router.delete(_PATH, dependencies=[requires(tunnels.PERMISSION, "Edit")])
async def drop(request: Request, account: str, tunnel: str) -> Response:
    """Drops all connections, or those of the connector `client_id`."""
    store: Store = request.app.state.store
    row = tunnels.of_account(store, account, tunnel)
    connections.close(store, row["id"], connector=request.query_params.get("client_id"))
    return success(None)


@router.get(
    f"{tunnels.Tunnels.path}/{{tunnel}}/connectors/{{connector}}", dependencies=[requires(tunnels.PERMISSION, "Read")]
)
async def read_connector(request: Request, account: str, tunnel: str, connector: str) -> Response:
    """One connector with its connections."""
    store: Store = request.app.state.store
    row = tunnels.of_account(store, account, tunnel)
    for found in connectors(store, row["id"]):
        if found["id"] == connector.lower():
            return success(found)
    raise ApiError(404, *NO_CONNECTOR)


def connectors(store: Store, tunnel: str) -> list[dict[str, object]]:
    """A tunnel's connectors, each with its version, its configuration's version and its connections."""
    current = configurations.current(store, tunnel)
    return connections.by_connector(connections.of_tunnel(store, tunnel), current["version"] if current else 0)
