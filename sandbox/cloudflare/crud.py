"""Resources of the API and the five endpoints each of them has: list, create, read, update, delete.

A module under `resources` subclasses `Resource`: it declares path, permission, model and defaults, and overrides the
hooks where the resource is special. `router` registers the endpoints.
"""

# ruff: noqa: ARG002 - a hook ignores what its default does not need

import json
from collections.abc import Mapping
from typing import Any, ClassVar

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import BaseModel

from sandbox.cloudflare import ids, request_body
from sandbox.cloudflare.responses import ApiError, Failure, Guessed, not_emulated, page, success
from sandbox.cloudflare.store import Store
from sandbox.cloudflare.tokens import requires

Body = dict[str, Any]
Query = Mapping[str, str]


class Resource:
    """What differs from one resource to the next. `scope` is the id of the account or the zone in the path.

    Stored objects are JSON. A key that starts with an underscore is stored and never shown.
    """

    kind: ClassVar[str]
    """Name under which the store keeps the objects and the dashboard shows them."""
    path: ClassVar[str]
    """Below `/client/v4`, with `{account}` or `{zone}` in it."""
    permission: ClassVar[str]
    """Read requires its Read or Edit level, everything else Edit."""
    model: ClassVar[type[BaseModel]]
    """Shape of a complete body. What is stored is the body as it was sent, less null fields and ignored ones."""
    missing: ClassVar[Failure]
    """Code and message of a 404."""
    malformed: ClassVar[Failure] = (Guessed(10400), "The request body is invalid: {why}")
    """Code and message of a 400 for a body that is not of the model."""
    defaults: ClassVar[Mapping[str, Any]] = {}
    filters: ClassVar[tuple[str, ...]] = ()
    """Query parameters of a list that select objects by equality."""
    update_methods: ClassVar[tuple[str, ...]] = ("PUT",)
    """PUT replaces the object, PATCH keeps what the body leaves out."""
    created: ClassVar[str] = "created_at"
    modified: ClassVar[str | None] = "updated_at"
    """Fields with the times of creation and of the last write, where the API shows them."""
    shown_once: ClassVar[frozenset[str]] = frozenset()
    """Fields in the reply to the write that produced them; not stored."""
    paged: ClassVar[bool] = True
    """Whether a list has pages; other lists are complete."""
    hex_ids: ClassVar[bool] = False
    """Ids are 32 hex digits in place of UUIDs."""
    not_ids: ClassVar[frozenset[str]] = frozenset()
    """Words that the service has in the place of an id and this emulator does not: other endpoints, no objects."""

    def merge(self, old: Body, body: Body, method: str) -> Body:
        """The complete body of an update."""
        return body if method == "PUT" else {**old, **without_nulls(body)}

    def validate(self, store: Store, scope: str, fields: Body, old: Body | None) -> Body:
        """The fields in the form in which they are stored. Raises ApiError for what the model cannot see.

        `old` is the stored object, None when one is created.
        """
        return fields

    def build(self, fields: Body, old: Body | None, stamp: Body) -> Body:
        """The object to store; `stamp` has its id and its times."""
        return {**self.defaults, **fields, **stamp}

    def show(self, store: Store, stored: Body) -> Body:
        """The object in replies."""
        return visible(stored)

    def before_delete(self, store: Store, scope: str, stored: Body, query: Query) -> None:
        """Raises ApiError for an object that is still in use."""

    # Storage

    def all(self, store: Store, scope: str) -> list[Body]:
        return store.bodies(self.kind, scope)

    def find(self, store: Store, scope: str, id: str) -> Body:
        """The stored object. Raises ApiError where there is none in this account or zone."""
        row = store.one("SELECT body FROM objects WHERE kind = ? AND scope = ? AND id = ?", self.kind, scope, id)
        if row is None:
            raise ApiError(404, *self.missing)
        return json.loads(row["body"])

    def save(self, store: Store, scope: str, stored: Body) -> None:
        store.save(self.kind, scope, stored)

    def remove(self, store: Store, stored: Body) -> None:
        store.run("DELETE FROM objects WHERE id = ?", stored["id"])

    # Replies

    def listed(self, store: Store, scope: str, query: Query) -> list[Body]:
        shown = [self.show(store, stored) for stored in self.all(store, scope)]
        wanted = {key: query[key] for key in self.filters if key in query}
        return [each for each in shown if all(each.get(key) == value for key, value in wanted.items())]

    def page(self, request: Request, shown: list[Body]) -> Response:
        return page(request, shown) if self.paged else success(shown)

    def written(self, store: Store, stored: Body) -> Body:
        """The result of a creation or an update."""
        return self.show(store, stored)

    def deleted(self, store: Store, stored: Body) -> Response:
        return success({"id": stored["id"]})


def without_nulls(body: Body) -> Body:
    return {key: value for key, value in body.items() if value is not None}


def visible(stored: Body) -> Body:
    return {key: value for key, value in stored.items() if not key.startswith("_")}


def router(*resources: Resource) -> APIRouter:
    """The five endpoints of each resource. A resource's module adds its other endpoints to this router."""
    registered = APIRouter()
    for resource in resources:
        _register(registered, resource)
    return registered


def _register(registered: APIRouter, resource: Resource) -> None:
    async def index(request: Request) -> Response:
        found = resource.listed(request.app.state.store, scope_of(request), request.query_params)
        return resource.page(request, found)

    async def create(request: Request) -> Response:
        return await _write(resource, request, None)

    async def read(request: Request, id: str) -> Response:
        store: Store = request.app.state.store
        _refuse_word(resource, request, id)
        return success(resource.show(store, resource.find(store, scope_of(request), id)))

    async def update(request: Request, id: str) -> Response:
        _refuse_word(resource, request, id)
        return await _write(resource, request, resource.find(request.app.state.store, scope_of(request), id))

    async def delete(request: Request, id: str) -> Response:
        _refuse_word(resource, request, id)
        store: Store = request.app.state.store
        stored = delete_object(resource, store, scope_of(request), id, request.query_params)
        return resource.deleted(store, stored)

    one = f"{resource.path}/{{id}}"
    may_read, may_edit = (requires(resource.permission, level) for level in ("Read", "Edit"))
    registered.add_api_route(resource.path, index, methods=["GET"], dependencies=[may_read])
    registered.add_api_route(resource.path, create, methods=["POST"], dependencies=[may_edit])
    registered.add_api_route(one, read, methods=["GET"], dependencies=[may_read])
    registered.add_api_route(one, update, methods=[*resource.update_methods], dependencies=[may_edit])
    registered.add_api_route(one, delete, methods=["DELETE"], dependencies=[may_edit])


def scope_of(request: Request) -> str:
    return request.path_params.get("account") or request.path_params["zone"]


def _refuse_word(resource: Resource, request: Request, id: str) -> None:
    if id in resource.not_ids:
        raise not_emulated(request.method, request.url.path)


async def _write(resource: Resource, request: Request, old: Body | None) -> Response:
    body = await request_body.json_object(request, *resource.malformed)
    return success(write(resource, request.app.state.store, scope_of(request), body, old, request.method))


def write(resource: Resource, store: Store, scope: str, body: Body, old: Body | None, method: str) -> Body:
    """Creates an object, or changes `old` by this method, and returns the reply's `result`. Raises ApiError."""
    if old is not None:
        body = resource.merge(old, body, method)
    request_body.parse(resource.model, body, *resource.malformed)
    stamp = _stamp(resource, old)
    with store.transaction():
        fields = resource.validate(store, scope, _known(resource.model, body), old)
        built = resource.build(fields, old, stamp)
        stored = {key: value for key, value in built.items() if key not in resource.shown_once}
        resource.save(store, scope, stored)
    once = {key: value for key, value in built.items() if key in resource.shown_once}
    return {**resource.written(store, stored), **once}


def delete_object(resource: Resource, store: Store, scope: str, id: str, query: Query) -> Body:
    """Deletes an object and returns it as it was stored. Raises ApiError."""
    with store.transaction():
        stored = resource.find(store, scope, id)
        resource.before_delete(store, scope, stored, query)
        resource.remove(store, stored)
    return stored


def _stamp(resource: Resource, old: Body | None) -> Body:
    moment = ids.now()
    first = old or {"id": ids.new_hex_id() if resource.hex_ids else ids.new_uuid(), resource.created: moment}
    stamp = {key: first[key] for key in ("id", resource.created)}
    return {**stamp, resource.modified: moment} if resource.modified else stamp


def _known(model: type[BaseModel], body: Body) -> Body:
    is_open = model.model_config.get("extra") == "allow"
    return without_nulls({key: value for key, value in body.items() if is_open or key in model.model_fields})
