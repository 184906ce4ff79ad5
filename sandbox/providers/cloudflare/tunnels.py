"""Resource types of tunnels and their configurations.

Source: the schemas and models of terraform-provider-cloudflare v5.22, and the recordings of the official plugin for the
plural names of the bridge (`ingresses`, `audTags`).
"""

from sandbox.providers.cloudflare.fields import COMPUTED, OPTIONAL_COMPUTED, REQUIRED, Field
from sandbox.providers.cloudflare.resource_type import ACCOUNT, ACCOUNTS, FLAG, ID, NAME, TEXT, TIME, ResourceType

TUNNEL = ResourceType(
    "cfd_tunnel",
    {
        "id": ID,
        "accountId": ACCOUNT,
        # With the official plugin's default the configuration never reaches a connector. Neither this nor the secret
        # is read back.
        "configSrc": Field(
            mode=OPTIONAL_COMPUTED, default="local", replace=True, refresh=False, one_of=("local", "cloudflare")
        ),
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

TUNNEL_CONFIG = ResourceType(
    "cfd_tunnel/{tunnelId}/configurations",
    {
        "id": Field(mode=COMPUTED, keep=True, path=True),
        "accountId": ACCOUNT,
        "tunnelId": Field(mode=REQUIRED, path=True, replace=True),
        "config": Field(
            "object",
            OPTIONAL_COMPUTED,
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
        "source": Field(mode=OPTIONAL_COMPUTED, one_of=("local", "cloudflare")),
        "version": Field("number", COMPUTED),
    },
    ACCOUNTS,
    create="PUT",
    deletes=False,
    create_warning=(
        "[WARNING] This resource cannot be destroyed from Terraform. If you create this resource, it will be present "
        "in the API until manually deleted.: Resource Destruction Considerations"
    ),
    own_id="tunnelId",
    singleton=True,
    complete=lambda state: {**state, "id": state["tunnelId"]},
)
