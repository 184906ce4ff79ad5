"""Validation of DNS records, and the form in which the service stores them."""

import ipaddress
import re
from collections.abc import Mapping
from typing import Any

import idna

from sandbox.cloudflare.responses import ApiError, Guessed

MALFORMED = (9207, "Request body is invalid.")
BAD_NAME = (9000, "DNS name is invalid.")
BAD_TYPE = (9002, "Invalid DNS record type")
BAD_PROXIED = (9003, "Invalid 'proxied' value, must be a boolean")
NOT_PROXIABLE = (9004, "This record type cannot be proxied.")
BAD_CONTENT = 9005
BAD_TARGET = (9007, "Content for CNAME record is invalid.")
BAD_TTL = (9021, "TTL must be between 60 and 86400 seconds, or 1 for Automatic.")
PROXIED_TTL = (9021, "ttl must be set to 1 when `proxied` is true")
"""The service itself accepts such a record and sets 1 (cloudflare/terraform-provider-cloudflare#126). Providers refuse
it on creation; refused here so that direct callers of the API notice it too."""
SELF_TARGET = (9039, "CNAME content cannot reference itself.")
TAGS = (9300, "DNS record has {count} tags, exceeding the quota of 0.")
COMMENT = (Guessed(9301), "DNS record comment has {count} characters, exceeding the quota of 100.")
"""The limit is documented for the free plan; the message is a guess too."""

ADDRESS_TYPES = frozenset({"A", "AAAA", "CNAME"})
"""Types that can be proxied, and of which a CNAME tolerates no other beside it."""

_PLAIN = frozenset({"A", "AAAA", "CNAME", "MX", "NS", "OPENPGPKEY", "PTR", "TXT"})
_STRUCTURED = frozenset(
    {"CAA", "CERT", "DNSKEY", "DS", "HTTPS", "LOC", "NAPTR", "SMIMEA", "SRV", "SSHFP", "SVCB", "TLSA", "URI"}
)
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")


def check(body: Mapping[str, Any], zone: str) -> dict[str, Any]:
    """The record's fields as they are stored: full lower-case name, defaults filled in. Raises ApiError (400)."""
    name = full_name(body.get("name"), zone)
    record_type = body.get("type")
    if not isinstance(record_type, str) or record_type not in _PLAIN | _STRUCTURED:
        raise ApiError(400, *BAD_TYPE)
    proxied = _default(body.get("proxied"), False)
    if not isinstance(proxied, bool):
        raise ApiError(400, *BAD_PROXIED)
    if proxied and record_type not in ADDRESS_TYPES:
        raise ApiError(400, *NOT_PROXIABLE)
    data = body.get("data")
    if data is not None and not (isinstance(data, dict) and record_type in _STRUCTURED):
        raise ApiError(400, BAD_CONTENT, f"Invalid data for {record_type} record.")
    return {
        "name": name,
        "type": record_type,
        "content": _content(record_type, body.get("content"), name, structured=data is not None),
        "proxied": proxied,
        "ttl": _ttl(_default(body.get("ttl"), 1), proxied),
        "settings": _typed(body, "settings", dict),
        "comment": _comment(body),
        "tags": _tags(body),
        "data": data,
        "priority": _typed(body, "priority", int),
    }


def full_name(name: Any, zone: str) -> str:
    """A record's name in full, as the service stores it: `@` is the zone, a name outside the zone gets it appended."""
    if not isinstance(name, str) or not name:
        raise ApiError(400, *BAD_NAME)
    lower = name.lower().rstrip(".")
    if lower in ("@", zone):
        return zone
    lower = lower if lower.endswith(f".{zone}") else f"{lower}.{zone}"
    labels = [_ascii(label) for label in lower.split(".")]
    first, *rest = labels
    if not (first == "*" or _LABEL.fullmatch(first)) or not all(_LABEL.fullmatch(label) for label in rest):
        raise ApiError(400, *BAD_NAME)
    if len(".".join(labels)) > 253:
        raise ApiError(400, *BAD_NAME)
    return ".".join(labels)


def _ascii(label: str) -> str:
    if label.isascii():
        return label
    try:
        return idna.encode(label, uts46=True).decode()
    except idna.IDNAError as error:
        raise ApiError(400, *BAD_NAME) from error


def _content(record_type: str, content: Any, name: str, *, structured: bool) -> str | None:
    if structured and content is None:
        return None
    if not isinstance(content, str) or not content:
        raise ApiError(400, BAD_CONTENT, f"Content for {record_type} record is invalid.")
    if record_type in ("A", "AAAA"):
        version = ipaddress.IPv4Address if record_type == "A" else ipaddress.IPv6Address
        try:
            return str(version(content))
        except ValueError as error:
            message = f"Content for {record_type} record must be a valid IPv{version(0).version} address."
            raise ApiError(400, BAD_CONTENT, message) from error
    return _target(content, name) if record_type == "CNAME" else content


def _target(content: str, name: str) -> str:
    labels = [_ascii(label) for label in content.lower().rstrip(".").split(".")]
    if len(labels) < 2 or not all(_LABEL.fullmatch(label) for label in labels) or labels[-1].isdigit():
        raise ApiError(400, *BAD_TARGET)
    if ".".join(labels) == name:
        raise ApiError(400, *SELF_TARGET)
    return ".".join(labels)


def _ttl(ttl: Any, proxied: bool) -> int:
    if type(ttl) is not int or not (ttl == 1 or 60 <= ttl <= 86400):
        raise ApiError(400, *BAD_TTL)
    if proxied and ttl != 1:
        raise ApiError(400, *PROXIED_TTL)
    return ttl


def _comment(body: Mapping[str, Any]) -> str | None:
    comment = _typed(body, "comment", str)
    if comment and len(comment) > 100:
        code, message = COMMENT
        raise ApiError(400, code, message.format(count=len(comment)))
    return comment


def _tags(body: Mapping[str, Any]) -> list[Any]:
    tags = _typed(body, "tags", list) or []
    if tags:
        code, message = TAGS
        raise ApiError(400, code, message.format(count=len(tags)))
    return tags


def _typed(body: Mapping[str, Any], key: str, expected: type) -> Any:
    value = body.get(key)
    if value is not None and type(value) is not expected:
        raise ApiError(400, *MALFORMED, hint=f"{key} has the wrong type")
    return value


def _default(value: Any, default: Any) -> Any:
    return default if value is None else value
