"""Resource types of load balancing: load balancers, pools and monitors.

Source: the schemas and models of terraform-provider-cloudflare v5.22 (`load_balancer`, `load_balancer_pool`,
`load_balancer_monitor`).
"""

from sandbox.providers.cloudflare.fields import COMPUTED, OPTIONAL_COMPUTED, REQUIRED, Field
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
    ResourceType,
)

DATE = Field(mode=COMPUTED)
"""In the API's format, unlike TIME."""
EMPTY = Field(mode=OPTIONAL_COMPUTED, default="")

LOAD_BALANCER_MONITOR = ResourceType(
    "load_balancers/monitors",
    {
        "id": ID,
        "accountId": ACCOUNT,
        **dict.fromkeys(["consecutiveDown", "consecutiveUp", "port"], NUMBER),
        "header": Field("map"),
        **dict.fromkeys(["allowInsecure", "followRedirects"], Field("flag", OPTIONAL_COMPUTED, default=False)),
        **dict.fromkeys(["description", "expectedBody", "expectedCodes", "probeZone"], EMPTY),
        **dict.fromkeys(["method", "path"], Field(mode=OPTIONAL_COMPUTED)),
        "interval": Field("number", OPTIONAL_COMPUTED, default=60),
        "retries": Field("number", OPTIONAL_COMPUTED, default=2),
        "timeout": Field("number", OPTIONAL_COMPUTED, default=5),
        "type": Field(
            mode=OPTIONAL_COMPUTED, default="http", one_of=("http", "https", "tcp", "udp_icmp", "icmp_ping", "smtp")
        ),
        "createdOn": DATE,
        "modifiedOn": DATE,
    },
    ACCOUNTS,
)

LOAD_BALANCER_POOL = ResourceType(
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
                "enabled": Field("flag", OPTIONAL_COMPUTED, default=True),
                "flattenCname": Field("flag", OPTIONAL_COMPUTED, default=True),
                "header": Field("object", fields={"hosts": Field("list", api="Host")}),
                "name": TEXT,
                "port": Field("number", OPTIONAL_COMPUTED),
                "virtualNetworkId": TEXT,
                "weight": Field("number", OPTIONAL_COMPUTED, default=1),
            },
        ),
        **dict.fromkeys(["latitude", "longitude"], NUMBER),
        **dict.fromkeys(["monitor", "monitorGroup"], TEXT),
        **dict.fromkeys(["checkRegions", "healthSources"], LIST),
        "description": EMPTY,
        "enabled": Field("flag", OPTIONAL_COMPUTED, default=True),
        "minimumOrigins": Field("number", OPTIONAL_COMPUTED, default=1),
        "notificationEmail": EMPTY,
        "loadShedding": Field("object", OPTIONAL_COMPUTED, keep=True),
        "notificationFilter": OBJECT,
        "originSteering": Field("object", OPTIONAL_COMPUTED),
        "createdOn": Field(mode=COMPUTED, keep=True),
        "disabledAt": TIME,
        "modifiedOn": DATE,
        "networks": Field("list", COMPUTED),
    },
    ACCOUNTS,
)

GEOGRAPHIC_POOLS = dict.fromkeys(["countryPools", "popPools", "regionPools"], Field("map", OPTIONAL_COMPUTED))
LOAD_BALANCER = ResourceType(
    "load_balancers",
    {
        "id": ID,
        "zoneId": Field(mode=REQUIRED, path=True, replace=True),
        "fallbackPool": NAME,
        "name": NAME,
        "defaultPools": Field("list", REQUIRED),
        "description": Field(mode=OPTIONAL_COMPUTED),
        **dict.fromkeys(["sessionAffinityTtl", "ttl"], Field("number", OPTIONAL_COMPUTED)),
        **GEOGRAPHIC_POOLS,
        "networks": Field("list", OPTIONAL_COMPUTED),
        "enabled": Field("flag", OPTIONAL_COMPUTED, default=True),
        "proxied": Field("flag", OPTIONAL_COMPUTED, default=False),
        "sessionAffinity": Field(mode=OPTIONAL_COMPUTED, default="none"),
        "steeringPolicy": EMPTY,
        **dict.fromkeys(
            ["adaptiveRouting", "locationStrategy", "randomSteering", "sessionAffinityAttributes"],
            Field("object", OPTIONAL_COMPUTED),
        ),
        "rules": Field("list", OPTIONAL_COMPUTED),
        "createdOn": DATE,
        "modifiedOn": DATE,
        "zoneName": DATE,
    },
    ZONES,
)
