"""Check of the Secret that the pods mount: it exists, and nothing but the stack has written it. Its data is not
read."""

from typing import Any

from clients.errors import KubernetesApiError
from clients.kubernetes import KubernetesApi
from components.connector.pod import TOKEN_VOLUME
from ops.expected_stack import ExpectedStack
from ops.verify.faults import cluster as faults
from ops.verify.result import Check, CheckResult

SECRET = Check("cluster", "secret")
Object = dict[str, Any]

_OURS = "pulumi"
"""The beginning of each field manager of Pulumi's provider."""


def check(api: KubernetesApi, stack: ExpectedStack, deployment: Object | None) -> list[CheckResult]:
    """One result for the Secret with the token, from its metadata alone; none without a Deployment."""
    if deployment is None:
        return []
    path = f"/api/v1/namespaces/{stack.namespace}/secrets"
    try:
        present = {one["metadata"]["name"]: one for one in api.items(path, metadata_only=True)}
    except KubernetesApiError as error:
        if error.status == 403:
            return [SECRET.skipped(stack.deployment, "these credentials may not list the namespace's Secrets")]
        raise
    return [judge(name, present.get(name), stack.settings.token.delivery) for name in _mounted(deployment)]


def judge(name: str, secret: Object | None, delivery: str) -> CheckResult:
    """`secret` has the metadata alone: who wrote its data is in it, the data is not."""
    if secret is None:
        return SECRET.finds(name, "the Secret does not exist", faults.SECRET_MISSING)
    owners = [owner for owner in secret["metadata"].get("managedFields") or [] if "f:data" in owner.get("fieldsV1", {})]
    others = [owner for owner in owners if not str(owner.get("manager")).startswith(_OURS)]
    # Otherwise an operator or the user writes it.
    if others and delivery == "secret":
        written = "; ".join(f"{owner.get('manager')} wrote its data at {owner.get('time')}" for owner in others)
        return SECRET.finds(name, written, faults.SECRET_CHANGED)
    return SECRET.passed(name, "exists" if others else "exists, as the stack wrote it")


def _mounted(deployment: Object) -> list[str]:
    """The Secrets with a token: those of the volume that is named after it."""
    volumes = deployment["spec"]["template"]["spec"].get("volumes") or []
    return [
        volume["secret"]["secretName"] for volume in volumes if volume["name"] == TOKEN_VOLUME and volume.get("secret")
    ]
