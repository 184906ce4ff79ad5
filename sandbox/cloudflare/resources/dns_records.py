"""DNS records of a zone."""

import json
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from sandbox.cloudflare import ids, request_body
from sandbox.cloudflare.resources.dns_record_validation import UNREADABLE, checked
from sandbox.cloudflare.responses import ApiError, page, success
from sandbox.cloudflare.store import Row, Store
from sandbox.cloudflare.tokens import needs

MISSING = (81044, "Record does not exist.")
"""With 404."""
HOST_TAKEN = (
    81053,
    "An A, AAAA, or CNAME record with that host already exists. For more details, refer to "
    "<https://developers.cloudflare.com/dns/manage-dns-records/troubleshooting/records-with-same-name/>.",
)
"""With 400: a CNAME where any of the three is, the same CNAME among them, or one of the others where a CNAME is."""
IDENTICAL = (81058, "An identical record already exists.")
"""With 400."""

router = APIRouter(prefix="/zones/{zone}/dns_records")
_read, _edit = [needs("DNS", "Read")], [needs("DNS", "Edit")]


def of_zone(store: Store, zone: str) -> list[dict[str, Any]]:
    """A zone's records as the API shows them, by name."""
    return [json.loads(row["body"]) for row in store.all("SELECT body FROM records WHERE zone = ? ORDER BY name", zone)]


def proxied_cnames(store: Store) -> dict[str, str]:
    """Where visitors of each proxied hostname are sent, in all zones: name → content (`<tunnel>.cfargotunnel.com`)."""
    rows = store.all(
        "SELECT name, body ->> 'content' AS content FROM records WHERE type = 'CNAME' AND body ->> 'proxied'"
    )
    return {row["name"]: row["content"] for row in rows}


def seed(store: Store, zone: str, record: str, name: str) -> None:
    """Makes a proxied CNAME with this id, to something of somebody else's, unless the id or the name is there."""
    if store.one("SELECT 1 FROM records WHERE id = ? OR (zone = ? AND name = ?)", record, zone, name):
        return
    body = {"name": name, "type": "CNAME", "content": "somebody-elses.example.net", "proxied": True}
    moment = ids.now()
    _write(store, zone, _shaped(checked(body, _zone_name(store, zone)), record, created=moment, modified=moment))


def _found(store: Store, zone: str, record: str) -> dict[str, Any]:
    row = store.one("SELECT body FROM records WHERE zone = ? AND id = ?", zone, record)
    if row is None:
        raise ApiError(404, *MISSING)
    return json.loads(row["body"])


def _zone_name(store: Store, zone: str) -> str:
    row = store.one("SELECT name FROM zones WHERE id = ?", zone)
    assert row is not None
    return row["name"]


_HOSTS = {"A", "AAAA", "CNAME"}


def _refuse_clash(store: Store, zone: str, record: dict[str, Any]) -> None:
    for row in store.all("SELECT id, type, body FROM records WHERE zone = ? AND name = ?", zone, record["name"]):
        if row["id"] == record["id"]:
            continue
        kinds = {row["type"], record["type"]}
        if "CNAME" in kinds and kinds <= _HOSTS:
            raise ApiError(400, *HOST_TAKEN)
        other = json.loads(row["body"])
        if len(kinds) == 1 and (other["content"], other.get("data")) == (record["content"], record.get("data")):
            raise ApiError(400, *IDENTICAL)


def _write(store: Store, zone: str, record: dict[str, Any]) -> Response:
    with store.transaction():
        _refuse_clash(store, zone, record)
        row: Row = {"id": record["id"], "name": record["name"], "type": record["type"], "body": json.dumps(record)}
        store.run(
            "INSERT INTO records VALUES (?1, ?2, ?3, ?4, ?5) "
            "ON CONFLICT (id) DO UPDATE SET name = ?3, type = ?4, body = ?5",
            row["id"],
            zone,
            row["name"],
            row["type"],
            row["body"],
        )
    return success(record)


@router.get("", dependencies=_read)
async def index(request: Request, zone: str) -> Response:
    store: Store = request.app.state.store
    query = request.query_params
    tests = [
        _TESTS[test](found_key, value)
        for key, value in query.items()
        for found_key, _, test in [key.partition(".")]
        if found_key in ("name", "type", "content", "comment", "proxied") and test in _TESTS
    ]
    how = any if query.get("match") == "any" and tests else all
    rows = [record for record in of_zone(store, zone) if how(test(record) for test in tests)]
    if query.get("direction") == "desc":
        rows.reverse()
    return page(request, rows, per_page=100, at_most=5_000_000)


def _as_text(record: dict[str, Any], key: str) -> str:
    value = record.get(key)
    return str(value).lower() if value is not None else ""


_TESTS: dict[str, Any] = {
    "": lambda key, value: lambda record: _as_text(record, key) == value.lower(),
    "exact": lambda key, value: lambda record: _as_text(record, key) == value.lower(),
    "contains": lambda key, value: lambda record: value.lower() in _as_text(record, key),
    "startswith": lambda key, value: lambda record: _as_text(record, key).startswith(value.lower()),
    "endswith": lambda key, value: lambda record: _as_text(record, key).endswith(value.lower()),
    "present": lambda key, _: lambda record: bool(record.get(key)),
    "absent": lambda key, _: lambda record: not record.get(key),
}


@router.post("", dependencies=_edit)
async def create(request: Request, zone: str) -> Response:
    store: Store = request.app.state.store
    fields = checked(await request_body.json_object(request, *UNREADABLE), _zone_name(store, zone))
    moment = ids.now()
    return _write(store, zone, _shaped(fields, ids.new_hex_id(), created=moment, modified=moment))


@router.get("/{record}", dependencies=_read)
async def read(request: Request, zone: str, record: str) -> Response:
    return success(_found(request.app.state.store, zone, record))


@router.put("/{record}", dependencies=_edit)
async def replace(request: Request, zone: str, record: str) -> Response:
    return await _change(request, zone, record, onto={})


@router.patch("/{record}", dependencies=_edit)
async def change(request: Request, zone: str, record: str) -> Response:
    return await _change(request, zone, record, onto=_found(request.app.state.store, zone, record))


async def _change(request: Request, zone: str, record: str, onto: dict[str, Any]) -> Response:
    store: Store = request.app.state.store
    old = _found(store, zone, record)
    body = await request_body.json_object(request, *UNREADABLE)
    fields = checked({**onto, **body}, _zone_name(store, zone))
    new = _shaped(fields, old["id"], created=old["created_on"], modified=ids.now())
    if new.get("comment") == old.get("comment") and "comment_modified_on" in old:
        new["comment_modified_on"] = old["comment_modified_on"]
    return _write(store, zone, new)


@router.delete("/{record}", dependencies=_edit)
async def delete(request: Request, zone: str, record: str) -> Response:
    store: Store = request.app.state.store
    if not store.run("DELETE FROM records WHERE zone = ? AND id = ?", zone, record):
        raise ApiError(404, *MISSING)
    return success({"id": record})


def _shaped(fields: dict[str, Any], number: str, *, created: str, modified: str) -> dict[str, Any]:
    """A record as the API shows it, its fields in the order it shows them."""
    kind = fields["type"]
    record: dict[str, Any] = {
        "id": number,
        "name": fields["name"],
        "type": kind,
        "content": fields["content"],
        "proxiable": kind in _HOSTS,
        "proxied": fields["proxied"],
        "ttl": fields["ttl"],
        "settings": fields["settings"] or ({"flatten_cname": False} if kind == "CNAME" else {}),
        "meta": {},
        "comment": fields["comment"],
        "tags": fields["tags"],
        "created_on": created,
        "modified_on": modified,
    }
    if fields["comment"]:
        record["comment_modified_on"] = modified
    for key in ("data", "priority"):
        if fields[key] is not None:
            record[key] = fields[key]
    return record
