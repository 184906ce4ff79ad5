"""DNS records of a zone."""

import json
from typing import Any

from fastapi import Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict

from sandbox.cloudflare import crud, ids
from sandbox.cloudflare.crud import Body, Query
from sandbox.cloudflare.resources.dns_record_validation import ADDRESS_TYPES, MALFORMED, check
from sandbox.cloudflare.responses import ApiError, page
from sandbox.cloudflare.store import Store

HOST_TAKEN = (
    81053,
    "An A, AAAA, or CNAME record with that host already exists. For more details, refer to "
    "<https://developers.cloudflare.com/dns/manage-dns-records/troubleshooting/records-with-same-name/>.",
)
"""With 400: a CNAME where any of the three is, the same CNAME among them, or one of the others where a CNAME is."""
IDENTICAL = (81058, "An identical record already exists.")
"""With 400."""


class Record(BaseModel):
    """Fields are checked by `dns_record_validation`, each with a code of its own."""

    model_config = ConfigDict(extra="allow")


class Records(crud.Resource):
    """Stored in a table of their own, indexed by name: every write looks for records with the same name."""

    kind = "dns_records"
    path = "/zones/{zone}/dns_records"
    permission = "DNS"
    model = Record
    missing = (81044, "Record does not exist.")
    malformed = MALFORMED
    update_methods = ("PUT", "PATCH")
    created, modified = "created_on", "modified_on"
    hex_ids = True

    def merge(self, old: Body, body: Body, method: str) -> Body:
        """Null in a PATCH resets a field."""
        return body if method == "PUT" else {**old, **body}

    def validate(self, store: Store, scope: str, fields: Body, old: Body | None) -> Body:
        record = check(fields, zone_name(store, scope))
        _refuse_duplicate(store, scope, record, old["id"] if old else "")
        return record

    def build(self, fields: Body, old: Body | None, stamp: Body) -> Body:
        """The record with its fields in the order in which the API shows them."""
        record_type, comment = fields["type"], fields["comment"]
        record: Body = {
            "id": stamp["id"],
            "name": fields["name"],
            "type": record_type,
            "content": fields["content"],
            "proxiable": record_type in ADDRESS_TYPES,
            "proxied": fields["proxied"],
            "ttl": fields["ttl"],
            "settings": fields["settings"] or ({"flatten_cname": False} if record_type == "CNAME" else {}),
            "meta": {},
            "comment": comment,
            "tags": fields["tags"],
            "created_on": stamp["created_on"],
            "modified_on": stamp["modified_on"],
        }
        if comment:
            unchanged = old and old["comment"] == comment
            record["comment_modified_on"] = old["comment_modified_on"] if old and unchanged else stamp["modified_on"]
        return record | {key: fields[key] for key in ("data", "priority") if fields[key] is not None}

    def all(self, store: Store, scope: str) -> list[Body]:
        return of_zone(store, scope)

    def find(self, store: Store, scope: str, id: str) -> Body:
        row = store.one("SELECT body FROM records WHERE zone = ? AND id = ?", scope, id)
        if row is None:
            raise ApiError(404, *self.missing)
        return json.loads(row["body"])

    def save(self, store: Store, scope: str, stored: Body) -> None:
        store.run(
            "INSERT INTO records VALUES (?1, ?2, ?3, ?4, ?5) "
            "ON CONFLICT (id) DO UPDATE SET name = ?3, type = ?4, body = ?5",
            *(stored["id"], scope, stored["name"], stored["type"], json.dumps(stored)),
        )

    def remove(self, store: Store, stored: Body) -> None:
        store.run("DELETE FROM records WHERE id = ?", stored["id"])

    def listed(self, store: Store, scope: str, query: Query) -> list[Body]:
        tests = [test for test in (_test(*parameter) for parameter in query.items()) if test]
        combine = any if query.get("match") == "any" and tests else all
        records = [record for record in of_zone(store, scope) if combine(test(record) for test in tests)]
        if search := query.get("search", "").lower():
            records = [record for record in records if any(search in _text(record, key) for key in _SEARCHED)]
        if any(parameter in query for parameter in _TAG_FILTERS):
            records = []  # no record has a tag here, as on the free plan
        if (order := query.get("order")) in _ORDERS:
            records.sort(key=lambda record: (record[order] is None, record[order]))
        return records[::-1] if query.get("direction") == "desc" else records

    def page(self, request: Request, shown: list[Body]) -> Response:
        return page(request, shown, per_page=100, at_most=5_000_000)


router = crud.router(Records())


def of_zone(store: Store, zone: str) -> list[Body]:
    """A zone's records as the API shows them, by name."""
    return [json.loads(row["body"]) for row in store.all("SELECT body FROM records WHERE zone = ? ORDER BY name", zone)]


def seed(store: Store, zone: str, record: str, name: str) -> None:
    """Creates a proxied CNAME to a foreign host with this id, unless the id or the name exists."""
    if store.one("SELECT 1 FROM records WHERE id = ? OR (zone = ? AND name = ?)", record, zone, name):
        return
    fields = {"name": name, "type": "CNAME", "content": "foreign.example.net", "proxied": True}
    stamp = {"id": record, **dict.fromkeys(("created_on", "modified_on"), ids.now())}
    resource = Records()
    resource.save(store, zone, resource.build(check(fields, zone_name(store, zone)), None, stamp))


def zone_name(store: Store, zone: str) -> str:
    """The name of the zone with this id."""
    row = store.one("SELECT name FROM zones WHERE id = ?", zone)
    assert row is not None
    return row["name"]


def _refuse_duplicate(store: Store, zone: str, record: Body, record_id: str) -> None:
    for row in store.all("SELECT id, type, body FROM records WHERE zone = ? AND name = ?", zone, record["name"]):
        if row["id"] == record_id:
            continue
        types = {row["type"], record["type"]}
        if "CNAME" in types and types <= ADDRESS_TYPES:
            raise ApiError(400, *HOST_TAKEN)
        other = json.loads(row["body"])
        if len(types) == 1 and (other["content"], other.get("data")) == (record["content"], record.get("data")):
            raise ApiError(400, *IDENTICAL)


def _test(parameter: str, value: str) -> Any:
    """The condition on a record that a query parameter sets, such as `name` or `comment.contains`; None for others."""
    key, _, operator = parameter.partition(".")
    if key not in ("name", "type", "content", "comment", "proxied") or operator not in _OPERATORS:
        return None
    return lambda record: _OPERATORS[operator](_text(record, key), value.lower())


def _text(record: Body, key: str) -> str:
    value = record.get(key)
    return str(value).lower() if value is not None else ""


_SEARCHED = ("name", "type", "content", "comment")
_ORDERS = ("type", "name", "content", "ttl", "proxied")
_TAG_FILTERS = ("tag", *(f"tag.{operator}" for operator in ("present", "exact", "contains", "startswith", "endswith")))
_OPERATORS: dict[str, Any] = {
    "": lambda text, value: text == value,
    "exact": lambda text, value: text == value,
    "contains": lambda text, value: value in text,
    "startswith": lambda text, value: text.startswith(value),
    "endswith": lambda text, value: text.endswith(value),
    "present": lambda text, _: bool(text),
    "absent": lambda text, _: not text,
}
