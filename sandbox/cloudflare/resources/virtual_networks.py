"""Virtual networks of an account. One of them is the default, which holds the routes that name none.

Statuses are the service's; messages are guesses, as are the codes.
"""

from typing import Annotated
from uuid import NAMESPACE_URL, uuid5

from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, StringConstraints

from sandbox.cloudflare import crud, ids
from sandbox.cloudflare.crud import Body, Query
from sandbox.cloudflare.responses import ApiError, Guessed, success
from sandbox.cloudflare.store import Store

PERMISSION = "Cloudflare Tunnel"
"""The service accepts *Cloudflare One Networks* in its place too."""
NAME_TAKEN = (Guessed(1016), "You already have a virtual network with this name")
MISSING = (Guessed(1017), "Virtual network not found")
IN_USE = (Guessed(1018), "Cannot delete the virtual network because routes are in it")
IS_DEFAULT = (Guessed(1019), "The default virtual network cannot be deleted")

Comment = Annotated[str, StringConstraints(max_length=100)]


class VirtualNetwork(BaseModel):
    model_config = ConfigDict(strict=True)
    name: Annotated[str, StringConstraints(min_length=1, max_length=256)]
    comment: Comment | None = None
    is_default_network: bool | None = None


class VirtualNetworks(crud.Resource):
    kind = "virtual_networks"
    path = "/accounts/{account}/teamnet/virtual_networks"
    permission = PERMISSION
    model = VirtualNetwork
    missing = MISSING
    filters = ("id", "name")
    defaults = {"comment": "", "is_default_network": False, "deleted_at": None}
    update_methods = ("PATCH",)
    modified = None

    def validate(self, store: Store, scope: str, fields: Body, old: Body | None) -> Body:
        others = [each for each in networks(store, scope) if each["id"] != (old or {}).get("id")]
        if fields["name"] in [each["name"] for each in others]:
            raise ApiError(409, *NAME_TAKEN)
        return fields

    def before_delete(self, store: Store, scope: str, stored: Body, query: Query) -> None:  # noqa: ARG002 - a hook
        if stored["is_default_network"] or stored["id"] == _first_id(scope):
            raise ApiError(400, *IS_DEFAULT)
        if any(route["virtual_network_id"] == stored["id"] for route in store.bodies("routes", scope)):
            raise ApiError(400, *IN_USE)

    def all(self, store: Store, scope: str) -> list[Body]:
        return networks(store, scope)

    def find(self, store: Store, scope: str, id: str) -> Body:
        for network in networks(store, scope):
            if network["id"] == id:
                return network
        raise ApiError(404, *MISSING)

    def save(self, store: Store, scope: str, stored: Body) -> None:
        if stored["is_default_network"]:
            for other in store.bodies(self.kind, scope):
                store.save(self.kind, scope, {**other, "is_default_network": False})
        store.save(self.kind, scope, stored)

    def listed(self, store: Store, scope: str, query: Query) -> list[Body]:
        if deleted_only(query):
            return []
        found = super().listed(store, scope, query)
        if "is_default" in query or "is_default_network" in query:
            wanted = (query.get("is_default_network") or query.get("is_default", "")).lower() == "true"
            found = [network for network in found if network["is_default_network"] is wanted]
        return found

    def deleted(self, store: Store, stored: Body) -> Response:  # noqa: ARG002 - a hook
        return success({**stored, "deleted_at": ids.now()})


router = crud.router(VirtualNetworks())


def networks(store: Store, account: str) -> list[Body]:
    """All virtual networks, the account's first one in front: it exists in every account, and is the default until
    another is. It is as old as the account, stored only once it was changed, and cannot be deleted.
    """
    stored = store.bodies("virtual_networks", account)
    first_id = _first_id(account)
    others = [each for each in stored if each["id"] != first_id]
    row = store.one("SELECT created FROM accounts WHERE id = ?", account)
    assert row is not None
    first = {"id": first_id, "name": "default", "comment": "", "created_at": row["created"], "deleted_at": None}
    first |= next((each for each in stored if each["id"] == first_id), {})
    return [{**first, "is_default_network": not any(each["is_default_network"] for each in others)}, *others]


def _first_id(account: str) -> str:
    return str(uuid5(NAMESPACE_URL, account))


def seed(store: Store, id: str, account: str, name: str) -> None:
    """Creates a virtual network with this id unless there is one."""
    stored = {"id": id, "name": name, **VirtualNetworks.defaults, "created_at": ids.now()}
    if not store.has("virtual_networks", account, id):
        store.save("virtual_networks", account, stored)


def deleted_only(query: Query) -> bool:
    """Whether a list asks for deleted objects. The service keeps them for a while, this emulator does not."""
    return query.get("is_deleted") == "true"
