"""Rule: DNS records are proxied, unless listed."""

from collections.abc import Iterator

from policy.property_paths import UNKNOWN, get_path
from policy.rule import Options, Rule
from policy.stack import Resource, Stack

# https://developers.cloudflare.com/dns/proxy-status/: no other type can be proxied.
PROXIABLE = ("A", "AAAA", "CNAME")


def _validate(resource: Resource, _: Stack, options: Options) -> Iterator[str]:
    if resource.kind != "DnsRecord" or get_path(resource.properties, "type") not in PROXIABLE:
        return
    name, proxied = get_path(resource.properties, "name"), get_path(resource.properties, "proxied")
    if proxied not in (True, UNKNOWN) and name not in options["unproxied"]:
        yield f"{name} is not proxied: it exposes its target and bypasses Cloudflare"


RECORDS = Rule(
    name="records-are-proxied",
    description="Every A, AAAA and CNAME record is proxied, unless it is listed as unproxied.",
    remedy="Set proxied to true (a record of a tunnel requires it), or list it in this rule's option `unproxied`.",
    validate=_validate,
    scope="resource",
    options={
        "unproxied": {
            "type": "array",
            "items": {"type": "string"},
            "default": [],
            "description": "Full names of records that need not be proxied.",
        }
    },
)
