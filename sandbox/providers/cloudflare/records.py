"""Resource type of DNS records.

Source: the schemas and models of terraform-provider-cloudflare v5.22 (`dns_record`).
"""

from sandbox.providers.cloudflare.fields import COMPUTED, OPTIONAL_COMPUTED, REQUIRED, Field, same
from sandbox.providers.cloudflare.resource_type import (
    FLAG,
    ID,
    NAME,
    NUMBER,
    OBJECT,
    TEXT,
    TIME,
    ZONES,
    ResourceType,
    Values,
)
from sandbox.providers.interface import ProviderError
from sandbox.providers.values import UNKNOWN

RECORD_TYPES = "A AAAA CNAME MX NS OPENPGPKEY PTR TXT CAA CERT DNSKEY DS HTTPS LOC NAPTR SMIMEA SRV SSHFP SVCB TLSA URI"

SETTINGS = {
    "ipv4Only": Field("flag", OPTIONAL_COMPUTED, api="ipv4_only", keep=True),
    "ipv6Only": Field("flag", OPTIONAL_COMPUTED, api="ipv6_only", keep=True),
    "flattenCname": Field("flag", OPTIONAL_COMPUTED, keep=True),
}


def _check_create(planned: Values) -> None:
    if planned["proxied"] and planned["ttl"] != 1:
        raise ProviderError(
            "ttl must be set to 1 when `proxied` is true: When a DNS record is marked as `proxied` the TTL "
            "must be 1 as Cloudflare will control the TTL internally."
        )


def _normalize(news: Values, state: Values) -> Values:
    """A short name equals its full form, and a CNAME's target is case-insensitive."""
    news = dict(news)
    name, full = str(news["name"]).rstrip("."), str(state["name"]).rstrip(".")
    if full.startswith(f"{name}."):
        news["name"] = state["name"]
    if news.get("type") == "CNAME" and str(news.get("content")).lower() == str(state["content"]).lower():
        news["content"] = state["content"]
    return news


def _follow_up(planned: Values, state: Values | None) -> Values:
    """Tags and comment have times of their own, which change with them only; without tags or a comment, none."""
    planned = dict(planned)
    for name in ("tags", "comment"):
        value, time = planned[name], f"{name}ModifiedOn"
        if state and value is UNKNOWN:
            value = planned[name] = state[name]
        if planned[time] is UNKNOWN and not value:
            planned[time] = None
        elif planned[time] is UNKNOWN and state and same(value, state[name]):
            planned[time] = state[time]
    return planned


def _complete(state: Values) -> Values:
    """A CNAME has three settings; the API omits those that are off."""
    if state["type"] != "CNAME":
        return state
    answered = state["settings"] or {}
    return {**state, "settings": {name: answered.get(name) or False for name in SETTINGS}}


DNS_RECORD = ResourceType(
    "dns_records",
    {
        "id": ID,
        "zoneId": Field(mode=REQUIRED, path=True, replace=True),
        "name": NAME,
        "type": Field(mode=REQUIRED, replace=True, one_of=tuple(RECORD_TYPES.lower().split())),
        "comment": TEXT,
        "content": Field(mode=OPTIONAL_COMPUTED),
        "priority": NUMBER,
        "data": OBJECT,
        "privateRouting": FLAG,
        "proxied": Field("flag", OPTIONAL_COMPUTED, default=False),
        "ttl": Field("number", REQUIRED),
        "tags": Field("list", OPTIONAL_COMPUTED),
        "settings": Field(
            "object",
            OPTIONAL_COMPUTED,
            keep=True,
            fields=SETTINGS,
        ),
        "commentModifiedOn": TIME,
        "createdOn": Field("time", COMPUTED, keep=True),
        "modifiedOn": TIME,
        "proxiable": Field("flag", COMPUTED, keep=True),
        "tagsModifiedOn": TIME,
        "meta": Field("json", COMPUTED, keep=True),
    },
    ZONES,
    check_create=_check_create,
    normalize=_normalize,
    follow_up=_follow_up,
    complete=_complete,
)
