"""A load balancer of a zone, and the pools and monitors that it is made of.

Source: the schemas and models of terraform-provider-cloudflare v5.22 (`load_balancer`, `load_balancer_pool`,
`load_balancer_monitor`).
"""

from sandbox.providers.cloudflare.fields import COMPUTED, EITHER, REQUIRED, Field
from sandbox.providers.cloudflare.resource_type import (
    ACCOUNT,
    ACCOUNTS,
    ID,
    LIST,
    NAME,
    NUMBER,
    OBJECT,
    TEXT,
    TIME,
    ZONES,
    Kind,
)

DATE = Field(mode=COMPUTED)
"""Kept as the API writes it."""
NOTHING = Field(mode=EITHER, default="")

LOAD_BALANCER_MONITOR = Kind(
    "load_balancers/monitors",
    {
        "id": ID,
        "accountId": ACCOUNT,
        **dict.fromkeys(["consecutiveDown", "consecutiveUp", "port"], NUMBER),
        "header": Field("map"),
        **dict.fromkeys(["allowInsecure", "followRedirects"], Field("flag", EITHER, default=False)),
        **dict.fromkeys(["description", "expectedBody", "expectedCodes", "probeZone"], NOTHING),
        **dict.fromkeys(["method", "path"], Field(mode=EITHER)),
        "interval": Field("number", EITHER, default=60),
        "retries": Field("number", EITHER, default=2),
        "timeout": Field("number", EITHER, default=5),
        "type": Field(mode=EITHER, default="http", one_of=("http", "https", "tcp", "udp_icmp", "icmp_ping", "smtp")),
        "createdOn": DATE,
        "modifiedOn": DATE,
    },
    ACCOUNTS,
)

LOAD_BALANCER_POOL = Kind(
    "load_balancers/pools",
    {
        "id": ID,
        "accountId": ACCOUNT,
        "name": NAME,
        "origins": Field(
            "list",
            REQUIRED,
            fields={
                "address": TEXT,
                "disabledAt": TIME,
                "enabled": Field("flag", EITHER, default=True),
                "flattenCname": Field("flag", EITHER, default=True),
                "header": Field("object", fields={"hosts": Field("list", api="Host")}),
                "name": TEXT,
                "port": Field("number", EITHER),
                "virtualNetworkId": TEXT,
                "weight": Field("number", EITHER, default=1),
            },
        ),
        **dict.fromkeys(["latitude", "longitude"], NUMBER),
        **dict.fromkeys(["monitor", "monitorGroup"], TEXT),
        **dict.fromkeys(["checkRegions", "healthSources"], LIST),
        "description": NOTHING,
        "enabled": Field("flag", EITHER, default=True),
        "minimumOrigins": Field("number", EITHER, default=1),
        "notificationEmail": NOTHING,
        "loadShedding": Field("object", EITHER, keep=True),
        "notificationFilter": OBJECT,
        "originSteering": Field("object", EITHER),
        "createdOn": Field(mode=COMPUTED, keep=True),
        "disabledAt": TIME,
        "modifiedOn": DATE,
        "networks": Field("list", COMPUTED),
    },
    ACCOUNTS,
)

POOLS_BY_PLACE = dict.fromkeys(["countryPools", "popPools", "regionPools"], Field("map", EITHER))
LOAD_BALANCER = Kind(
    "load_balancers",
    {
        "id": ID,
        "zoneId": Field(mode=REQUIRED, path=True, replace=True),
        "fallbackPool": NAME,
        "name": NAME,
        "defaultPools": Field("list", REQUIRED),
        "description": Field(mode=EITHER),
        **dict.fromkeys(["sessionAffinityTtl", "ttl"], Field("number", EITHER)),
        **POOLS_BY_PLACE,
        "networks": Field("list", EITHER),
        "enabled": Field("flag", EITHER, default=True),
        "proxied": Field("flag", EITHER, default=False),
        "sessionAffinity": Field(mode=EITHER, default="none"),
        "steeringPolicy": NOTHING,
        **dict.fromkeys(
            ["adaptiveRouting", "locationStrategy", "randomSteering", "sessionAffinityAttributes"],
            Field("object", EITHER),
        ),
        "rules": Field("list", EITHER),
        "createdOn": DATE,
        "modifiedOn": DATE,
        "zoneName": DATE,
    },
    ZONES,
)
