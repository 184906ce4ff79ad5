"""Who set which field of an object, as the API server records it.

What creates an object and what applies it later are two managers to the API server, and applying takes away only what
the same manager applied before. So the first update hands the fields of the one to the other. Source:
`fixCSAFieldManagers` of pulumi-kubernetes 4.34.
"""

import secrets
from typing import Any

from sandbox.providers.kubernetes.api import CREATOR, Api


def new_manager() -> str:
    """A name for one resource's own manager."""
    return f"{CREATOR}-{secrets.token_hex(4)}"


def created_here(live: dict[str, Any]) -> bool:
    """Nothing was applied yet since the object was created."""
    return any(_creating(owner) for owner in live["metadata"].get("managedFields") or [])


def hand_over(api: Api, live: dict[str, Any], manager: str) -> None:
    """Gives `manager` what was set at creation."""
    if created_here(live):
        metadata = live["metadata"]
        theirs = {"manager": manager, "operation": "Apply"}
        owners = [{**owner, **theirs} if _creating(owner) else owner for owner in metadata["managedFields"]]
        api.merge(live, {"metadata": {"managedFields": owners, "resourceVersion": metadata["resourceVersion"]}})


def _creating(owner: dict[str, Any]) -> bool:
    return owner["manager"] == CREATOR and owner["operation"] == "Update" and not owner.get("subresource")
