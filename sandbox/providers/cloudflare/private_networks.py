"""A private network that is routed through a tunnel, and the virtual network that routes are in.

Source: the schemas and models of terraform-provider-cloudflare v5.22 (`zero_trust_tunnel_cloudflared_route`,
`zero_trust_tunnel_cloudflared_virtual_network`). Both are patched in place, but for another account; a route whose virtual
network is no longer said stays where it is.
"""

from sandbox.providers.cloudflare.fields import EITHER, Field
from sandbox.providers.cloudflare.resource_type import ACCOUNT, ACCOUNTS, ID, NAME, TIME, Kind

COMMENT = Field(mode=EITHER, default="")

ROUTE = Kind(
    "teamnet/routes",
    {
        "id": ID,
        "accountId": ACCOUNT,
        "network": NAME,
        "tunnelId": NAME,
        "comment": COMMENT,
        "virtualNetworkId": Field(mode=EITHER),
        "createdAt": TIME,
        "deletedAt": TIME,
    },
    ACCOUNTS,
    update="PATCH",
)

VIRTUAL_NETWORK = Kind(
    "teamnet/virtual_networks",
    {
        "id": ID,
        "accountId": ACCOUNT,
        "isDefault": Field("flag", replace=True, refresh=False),
        "name": NAME,
        "comment": COMMENT,
        "isDefaultNetwork": Field("flag", EITHER, default=False),
        "createdAt": TIME,
        "deletedAt": TIME,
    },
    ACCOUNTS,
    update="PATCH",
)
