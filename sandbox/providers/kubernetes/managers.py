"""Field managers: which client owns which field of an object.

Creating an object and applying it later use two managers, and an apply removes only fields that the same manager
applied before. So the first update transfers the fields of the first manager to the second. Source:
`fixCSAFieldManagers` of pulumi-kubernetes 4.34.
"""

import secrets
from typing import Any

from sandbox.providers.kubernetes.api import CREATOR, Api


def new_manager() -> str:
    """The name of one resource's own manager."""
    return f"{CREATOR}-{secrets.token_hex(4)}"


def only_created(live: dict[str, Any]) -> bool:
    """Whether the object has fields of its creation that no update has taken over."""
    return any(_creating(owner) for owner in live["metadata"].get("managedFields") or [])


def take_over_fields(api: Api, live: dict[str, Any], manager: str) -> None:
    """Transfers the fields of the creation to `manager`."""
    if only_created(live):
        metadata = live["metadata"]
        theirs = {"manager": manager, "operation": "Apply"}
        owners = [{**owner, **theirs} if _creating(owner) else owner for owner in metadata["managedFields"]]
        api.merge(live, {"metadata": {"managedFields": owners, "resourceVersion": metadata["resourceVersion"]}})


def _creating(owner: dict[str, Any]) -> bool:
    return owner["manager"] == CREATOR and owner["operation"] == "Update" and not owner.get("subresource")
