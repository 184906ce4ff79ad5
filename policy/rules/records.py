"""No record that is not proxied, unless said so."""

from collections.abc import Iterator

from policy.property_paths import UNKNOWN, at
from policy.rule import Options, Rule
from policy.stack import Resource, Stack

# https://developers.cloudflare.com/dns/proxy-status/: no other type can be.
PROXIABLE = ("A", "AAAA", "CNAME")


def _judge(resource: Resource, _: Stack, options: Options) -> Iterator[str]:
    if resource.kind != "DnsRecord" or at(resource.properties, "type") not in PROXIABLE:
        return
    name, proxied = at(resource.properties, "name"), at(resource.properties, "proxied")
    if proxied not in (True, UNKNOWN) and name not in options["unproxied"]:
        yield f"{name} is not proxied: visitors see where it leads, and nothing of Cloudflare guards it"


RECORDS = Rule(
    name="records-are-proxied",
    says="Every address record goes through Cloudflare's proxy, unless it is named as one that does not.",
    remedy="Set proxied to true (a tunnel's record works no other way), or name it under this rule's `unproxied`.",
    judge=_judge,
    when="alone",
    options={
        "unproxied": {
            "type": "array",
            "items": {"type": "string"},
            "default": [],
            "description": "Full names of records that need not be proxied.",
        }
    },
)
