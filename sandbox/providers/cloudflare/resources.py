"""Which resources there are: where each lives in the API, and what its properties are.

Source: the schemas and models of terraform-provider-cloudflare v5.22, and the recordings of the official plugin for
the plural names that the bridge makes up (`ingresses`, `audTags`). What is nested deeper than a tunnel needs is left
open: it is sent in snake_case.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.providers.cloudflare.fields import COMPUTED, EITHER, REQUIRED, Field, Fields

ID = Field(mode=COMPUTED, keep=True)
ACCOUNT = Field(mode=REQUIRED, path=True, replace=True)
NAME = Field(mode=REQUIRED)
TEXT, NUMBER, FLAG = Field(), Field("number"), Field("flag")
LIST, OBJECT, ANY = Field("list"), Field("object"), Field("any")
TIME = Field("time", COMPUTED)
EMPTY = Field("object")


@dataclass(frozen=True)
class Kind:
    """One resource type. `scope` and `collection` make its URL: `/{scope}/{id of it}/{collection}[/{own id}]`.

    `scopes` are the properties that may name the scope, with what the URL calls it. `import_id` says how an id to
    import is written.
    """

    collection: str
    fields: Fields
    scopes: Mapping[str, str]
    create: str = "POST"
    update: str = "PUT"
    deletes: bool = True
    own_id: str = "id"
    """The property whose value is the resource's id."""
    document: bool = False
    """One document at the end of `collection`, addressed without an id of its own."""
    quiet: bool = False
    """What the API answers to properties that were never set is no news."""

    @property
    def import_id(self) -> str:
        scope = next(iter(self.scopes)) if len(self.scopes) == 1 else "<accounts|zones>/<account or zone id>"
        return f"{scope}/<id>" if len(self.scopes) > 1 else f"<{scope}>/<id>"


ACCOUNTS = {"accountId": "accounts"}
ZONES = {"zoneId": "zones"}
EITHER_SCOPE = {**ACCOUNTS, **ZONES}
SCOPED = {"accountId": Field(path=True, replace=True), "zoneId": Field(path=True, replace=True)}

TUNNEL = Kind(
    "cfd_tunnel",
    {
        "id": ID,
        "accountId": ACCOUNT,
        # Trap of the real one: without this the rules never reach a connector. Neither this nor the secret is read
        # back.
        "configSrc": Field(mode=EITHER, default="local", replace=True, refresh=False, one_of=("local", "cloudflare")),
        "name": NAME,
        "tunnelSecret": Field(refresh=False, secret=True),
        "accountTag": Field(mode=COMPUTED),
        "connections": Field("list", COMPUTED),
        "connsActiveAt": TIME,
        "connsInactiveAt": TIME,
        "createdAt": TIME,
        "deletedAt": TIME,
        "metadata": Field("json", COMPUTED),
        "remoteConfig": Field("flag", COMPUTED),
        "status": Field(mode=COMPUTED),
        "tunType": Field(mode=COMPUTED),
    },
    ACCOUNTS,
    update="PATCH",
)

ORIGIN_REQUEST = Field(
    "object",
    api="originRequest",
    fields={
        "access": Field(
            "object",
            fields={
                "audTags": Field("list", REQUIRED, api="audTag"),
                "teamName": Field(mode=REQUIRED, api="teamName"),
                "required": FLAG,
            },
        ),
        "caPool": Field(api="caPool"),
        "connectTimeout": Field("number", api="connectTimeout"),
        "disableChunkedEncoding": Field("flag", api="disableChunkedEncoding"),
        "http2Origin": Field("flag", api="http2Origin"),
        "httpHostHeader": Field(api="httpHostHeader"),
        "keepAliveConnections": Field("number", api="keepAliveConnections"),
        "keepAliveTimeout": Field("number", api="keepAliveTimeout"),
        "matchSnItoHost": Field("flag", api="matchSNItoHost"),
        "noHappyEyeballs": Field("flag", api="noHappyEyeballs"),
        "noTlsVerify": Field("flag", api="noTLSVerify"),
        "originServerName": Field(api="originServerName"),
        "proxyType": Field(api="proxyType"),
        "tcpKeepAlive": Field("number", api="tcpKeepAlive"),
        "tlsTimeout": Field("number", api="tlsTimeout"),
    },
)

TUNNEL_CONFIG = Kind(
    "cfd_tunnel/{tunnelId}/configurations",
    {
        "id": Field(mode=COMPUTED, keep=True, path=True),
        "accountId": ACCOUNT,
        "tunnelId": Field(mode=REQUIRED, path=True, replace=True),
        "config": Field(
            "object",
            EITHER,
            fields={
                "ingresses": Field(
                    "list",
                    api="ingress",
                    fields={"hostname": TEXT, "service": NAME, "originRequest": ORIGIN_REQUEST, "path": TEXT},
                ),
                "originRequest": ORIGIN_REQUEST,
            },
        ),
        "createdAt": TIME,
        "source": Field(mode=EITHER, one_of=("local", "cloudflare")),
        "version": Field("number", COMPUTED),
    },
    ACCOUNTS,
    create="PUT",
    deletes=False,
    own_id="tunnelId",
    document=True,
)

RECORD_TYPES = "A AAAA CNAME MX NS OPENPGPKEY PTR TXT CAA CERT DNSKEY DS HTTPS LOC NAPTR SMIMEA SRV SSHFP SVCB TLSA URI"

DNS_RECORD = Kind(
    "dns_records",
    {
        "id": ID,
        "zoneId": Field(mode=REQUIRED, path=True, replace=True),
        "name": NAME,
        "type": Field(mode=REQUIRED, replace=True, one_of=tuple(RECORD_TYPES.lower().split())),
        "comment": TEXT,
        "content": Field(mode=EITHER),
        "priority": NUMBER,
        "data": OBJECT,
        "privateRouting": FLAG,
        "proxied": Field("flag", EITHER, default=False),
        "ttl": Field("number", REQUIRED),
        "tags": Field("list", EITHER),
        "settings": Field(
            "object",
            EITHER,
            keep=True,
            fields={
                "ipv4Only": Field("flag", EITHER, api="ipv4_only", keep=True),
                "ipv6Only": Field("flag", EITHER, api="ipv6_only", keep=True),
                "flattenCname": Field("flag", EITHER, keep=True),
            },
        ),
        "commentModifiedOn": TIME,
        "createdOn": Field("time", COMPUTED, keep=True),
        "modifiedOn": TIME,
        "proxiable": Field("flag", COMPUTED, keep=True),
        "tagsModifiedOn": TIME,
        "meta": Field("json", COMPUTED, keep=True),
    },
    ZONES,
)

RULESET = Kind(
    "rulesets",
    {
        "id": ID,
        **SCOPED,
        "kind": Field(mode=REQUIRED, replace=True, one_of=("managed", "custom", "root", "zone")),
        "name": Field(mode=REQUIRED, replace=True),
        "phase": Field(mode=REQUIRED, replace=True),
        "description": Field(mode=EITHER, default=""),
        "rules": Field(
            "list",
            EITHER,
            default=[],
            fields={
                "id": Field(mode=COMPUTED),
                "action": NAME,
                "actionParameters": Field("object", EITHER, default={}),
                "description": Field(mode=EITHER, default=""),
                "enabled": Field("flag", EITHER, default=True),
                "exposedCredentialCheck": OBJECT,
                "expression": NAME,
                "logging": Field("object", EITHER),
                "ratelimit": Field(
                    "object",
                    fields={
                        "characteristics": Field("list", REQUIRED),
                        "period": Field("number", REQUIRED),
                        "countingExpression": TEXT,
                        "mitigationTimeout": Field("number", EITHER),
                        "requestsPerPeriod": NUMBER,
                        "requestsToOrigin": Field("flag", EITHER, default=False),
                        "scorePerPeriod": NUMBER,
                        "scoreResponseHeaderName": TEXT,
                    },
                ),
                "ref": Field(mode=EITHER),
            },
        ),
        "lastUpdated": TIME,
        "version": Field(mode=COMPUTED),
    },
    EITHER_SCOPE,
)
