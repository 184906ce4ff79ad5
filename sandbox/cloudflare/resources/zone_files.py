"""A zone's records as a zone file: exported and imported.

https://developers.cloudflare.com/dns/manage-dns-records/how-to/import-and-export/: a comment and whether a record is
proxied follow it as `; comment cf_tags=cf-proxied:true`. SOA records, and NS records of the zone itself, are skipped.
"""

import re
from email import message_from_bytes

import dns.exception
import dns.name
import dns.rdatatype
import dns.zone
from fastapi import APIRouter, Request
from fastapi.responses import Response

from sandbox.cloudflare import crud, ids
from sandbox.cloudflare.crud import Body
from sandbox.cloudflare.resources.dns_record_validation import ADDRESS_TYPES
from sandbox.cloudflare.resources.dns_records import Records, of_zone, zone_name
from sandbox.cloudflare.responses import ApiError, Guessed, success
from sandbox.cloudflare.store import Store
from sandbox.cloudflare.tokens import requires

MAX_SIZE = 256 * 1024
TOO_LARGE = (Guessed(9108), f"The zone file is larger than {MAX_SIZE} bytes.")
UNREADABLE = (Guessed(9109), "The zone file is invalid: {why}")
"""With 400, as `TOO_LARGE`; the messages are guesses too."""
_PROXIED = re.compile(r"\s*\bcf_tags=(\S*)\s*$")
_DIRECTIVES = ("$ORIGIN", "$TTL")
"""Without `$GENERATE`, a line of which makes any number of records."""
_TARGETS = frozenset({"CNAME", "MX", "NS", "PTR", "SRV"})
"""Types whose content ends in a name, which a zone file writes with a final dot."""
_RECORDS = Records()

router = APIRouter()


@router.get(f"{_RECORDS.path}/export", dependencies=[requires(_RECORDS.permission, "Read")])
async def export(request: Request, zone: str) -> Response:
    """A text file, not the envelope."""
    store: Store = request.app.state.store
    name = zone_name(store, zone)
    lines = [f";; Domain:     {name}.", f";; Exported:   {ids.now()}", ";;"]
    lines += [_line(record) for record in of_zone(store, zone)]
    return Response("\n".join([*lines, ""]), media_type="text/plain")


@router.post(f"{_RECORDS.path}/import", dependencies=[requires(_RECORDS.permission, "Edit")])
async def import_records(request: Request, zone: str) -> Response:
    """Adds the records of the form field `file`; `proxied` is for those that say nothing about it. A record that the
    zone cannot take, such as one that exists, is left out."""
    form = _form(request.headers.get("content-type", ""), await request.body())
    if len(form.get("file", b"")) > MAX_SIZE:
        raise ApiError(400, *TOO_LARGE)
    store: Store = request.app.state.store
    found = _parse(form.get("file", b""), zone_name(store, zone), proxied=form.get("proxied") == b"true")
    added = 0
    for record in found:
        try:
            crud.write(_RECORDS, store, zone, record, None, "POST")
            added += 1
        except ApiError:
            continue
    return success({"recs_added": added, "total_records_parsed": len(found)})


def _line(record: Body) -> str:
    content = record["content"]
    if content is None:
        values = record["data"].items()
        content = " ".join(f'"{value}"' if key == "value" else str(value) for key, value in values)
    content = f"{record['priority']} {content}" if "priority" in record else content
    if record["type"] in _TARGETS:
        content = f"{content.rstrip('.')}."
    comment = f"{record['comment'] or ''} cf_tags=cf-proxied:{str(record['proxied']).lower()}".strip()
    return f"{record['name']}.\t{record['ttl']}\tIN\t{record['type']}\t{content} ; {comment}"


def _form(content_type: str, body: bytes) -> dict[str, bytes]:
    """The fields of a multipart form."""
    message = message_from_bytes(f"Content-Type: {content_type}\r\n\r\n".encode() + body)
    fields: dict[str, bytes] = {}
    for part in message.get_payload() if message.is_multipart() else []:
        name = part.get_param("name", header="content-disposition")  # pyright: ignore[reportAttributeAccessIssue]
        value = part.get_payload(decode=True)  # pyright: ignore[reportAttributeAccessIssue]
        if isinstance(name, str) and isinstance(value, bytes):
            fields[name] = value
    return fields


def _parse(file: bytes, zone: str, *, proxied: bool) -> list[Body]:
    try:
        text = file.decode()
        parsed = dns.zone.from_text(text, zone, relativize=False, check_origin=False, allow_directives=_DIRECTIVES)
    except (dns.exception.DNSException, ValueError) as error:
        code, message = UNREADABLE
        raise ApiError(400, code, message.format(why=str(error) or type(error).__name__)) from error
    records: list[Body] = []
    for name, ttl, data in parsed.iterate_rdatas():
        record_type = dns.rdatatype.to_text(data.rdtype)
        if record_type == "SOA" or (record_type == "NS" and name == parsed.origin):
            continue
        tags = _PROXIED.search(data.rdcomment or "")
        stated = tags and re.search(r"cf-proxied:(true|false)", tags[1])
        wanted = stated[1] == "true" if stated else proxied
        comment = _PROXIED.sub("", data.rdcomment or "").strip()
        record: Body = {"name": name.to_text(omit_final_dot=True), "type": record_type, "content": data.to_text()}
        record["proxied"] = wanted and record_type in ADDRESS_TYPES
        record["ttl"] = 1 if record["proxied"] else ttl
        if record_type == "MX":
            priority, _, record["content"] = record["content"].partition(" ")
            record["priority"] = int(priority)
        if record_type in _TARGETS:
            record["content"] = record["content"].rstrip(".")
        records.append({**record, **({"comment": comment} if comment else {})})
    return records
