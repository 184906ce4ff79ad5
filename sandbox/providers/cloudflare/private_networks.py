"""Resource types of private networks: routes of addresses and of hostnames through tunnels, and virtual networks.

Source: the schemas and models of terraform-provider-cloudflare v5.22 (`zero_trust_tunnel_cloudflared_route`,
`zero_trust_network_hostname_route`, `zero_trust_tunnel_cloudflared_virtual_network`). All are patched in place unless
the account changes. A route whose virtual network is no longer set stays in it.
"""

from sandbox.providers.cloudflare.fields import COMPUTED, OPTIONAL_COMPUTED, Field
from sandbox.providers.cloudflare.resource_type import ACCOUNT, ACCOUNTS, ID, NAME, TIME, ResourceType

COMMENT = Field(mode=OPTIONAL_COMPUTED, default="")

ROUTE = ResourceType(
    "teamnet/routes",
    {
        "id": ID,
        "accountId": ACCOUNT,
        "network": NAME,
        "tunnelId": NAME,
        "comment": COMMENT,
        "virtualNetworkId": Field(mode=OPTIONAL_COMPUTED),
        "createdAt": TIME,
        "deletedAt": TIME,
    },
    ACCOUNTS,
    update="PATCH",
)

HOSTNAME_ROUTE = ResourceType(
    "zerotrust/routes/hostname",
    {
        "id": ID,
        "accountId": ACCOUNT,
        "hostname": NAME,
        "tunnelId": NAME,
        "comment": Field(),
        "createdAt": TIME,
        "deletedAt": TIME,
        "tunnelName": Field(mode=COMPUTED),
    },
    ACCOUNTS,
    update="PATCH",
)

VIRTUAL_NETWORK = ResourceType(
    "teamnet/virtual_networks",
    {
        "id": ID,
        "accountId": ACCOUNT,
        "isDefault": Field("flag", replace=True, refresh=False),
        "name": NAME,
        "comment": COMMENT,
        "isDefaultNetwork": Field("flag", OPTIONAL_COMPUTED, default=False),
        "createdAt": TIME,
        "deletedAt": TIME,
    },
    ACCOUNTS,
    update="PATCH",
)
