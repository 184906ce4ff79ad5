"""Missing resources: those of the state that no longer exist, as after a destroy that was interrupted."""

from typing import Any

from clients.errors import CloudflareApiError, KubernetesApiError
from ops.recover.kinds import KINDS
from ops.recover.live_resources import LiveResources
from ops.recover.state import Resource, resources, urn_name
from ops.recover.survey import Survey


def missing(state: dict[str, Any], surveyed: Survey, live: LiveResources) -> list[Resource]:
    """The missing resources. What may not be read is added to the survey's `unread`.

    Most of a stack was surveyed already; one more call is made for each resource that was not found by its name.
    """
    found = {one.key for one in surveyed.found}
    gone: list[Resource] = []
    for resource in resources(state):
        if resource["type"] not in KINDS or (resource["type"], resource.get("id")) in found:
            continue
        try:
            if not live.exists(resource):
                gone.append(resource)
        except (CloudflareApiError, KubernetesApiError) as error:
            surveyed.unread.append(f"{urn_name(resource['urn'])}: {error}")
    return gone
