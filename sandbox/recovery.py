"""After a run that was cut off: what it was making is found again and taken into the state.

The engine notes each creation before it asks for it (`pending_operations` of the state). When it is killed in between, the
resource may be there or not, and nobody knows its id. Names are ours and unique per stack, so each can be looked up.
"""

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx
from kubernetes import config as kubernetes_config
from kubernetes import dynamic
from kubernetes.dynamic import exceptions
from pulumi import automation

from sandbox.errors import SandboxError


def restore(checkpoint: Path, say: Callable[[str], None]) -> None:
    """Puts the checkpoint before in the place of one whose writing was cut off: the file backend writes in place.

    The one before is whole, and at most one step behind; what that step was making is in its notes, for `heal`.
    """
    backup = checkpoint.with_name(f"{checkpoint.name}.bak")
    if _whole(checkpoint) or not (checkpoint.exists() or backup.exists()):
        return
    if not _whole(backup):
        raise SandboxError(
            f"the state {checkpoint} is damaged, and so is its backup; begin anew with: python -m sandbox down --delete",
            key="state",
            value=str(checkpoint),
            accepted="a whole checkpoint, or none",
        )
    say("the state was being written when a run was cut off: going back to the one before")
    shutil.copy(backup, checkpoint)


def _whole(checkpoint: Path) -> bool:
    try:
        return isinstance(json.loads(checkpoint.read_text()), dict)
    except (FileNotFoundError, ValueError):
        return False


def heal(stack: automation.Stack, env: Mapping[str, str], say: Callable[[str], None]) -> None:
    """Clears the state of what was cut off: creations that are found out there are taken in, the others made again later.

    `env` holds how to reach the API and the cluster (`CLOUDFLARE_BASE_URL`, `CLOUDFLARE_API_TOKEN`, `KUBECONFIG`). The engine's
    own way, `refresh --import-pending-creates`, marks such a creation as an import and then forgets it.
    """
    state = export(stack)
    deployment = state["deployment"]
    pending = deployment.pop("pending_operations", None) or []
    if not pending:
        return
    say("an earlier run was cut off; looking for what it was making")
    for operation in pending:
        if operation["type"] != "creating":
            continue
        resource = operation["resource"]
        identity = _find(resource, env)
        say(f"  {resource['urn'].split('::')[-1]}: {'found, taken into the state' if identity else 'to be made again'}")
        if identity:
            # What else it says of itself comes with the refresh below; the secrets among its inputs stay encrypted.
            known = {**resource.get("inputs", {}), "id": identity}
            outputs = resource.get("inputs", {}) if resource["type"].startswith("kubernetes:") else known
            deployment["resources"].append({**resource, "id": identity, "outputs": outputs})
    stack.import_stack(automation.Deployment(state["version"], deployment))
    # Updates and deletions that were cut off may or may not have happened: reading everything again tells.
    stack.refresh(show_secrets=False)


def export(stack: automation.Stack) -> dict[str, Any]:
    """The state as the engine keeps it. The Automation API's own export decrypts its secrets, so it is not used."""
    return json.loads(_command(stack, ["stack", "export", "--stack", stack.name]))


def _command(stack: automation.Stack, arguments: list[str]) -> str:
    workspace = stack.workspace
    assert isinstance(workspace, automation.LocalWorkspace)
    env = {"PULUMI_HOME": workspace.pulumi_home or "", **workspace.env_vars}
    return workspace.pulumi_command.run(arguments, workspace.work_dir, env).stdout


def _find(resource: Mapping[str, Any], env: Mapping[str, str]) -> str | None:
    """The id of a resource, found by what its inputs say; None where it was not made.

    What has no outside (a random value) and what can be written twice (the rules of a tunnel) is not looked for.
    """
    kind, inputs = resource["type"], resource.get("inputs", {})
    if kind.startswith("kubernetes:"):
        return _find_object(inputs, env)
    if kind.endswith(":ZeroTrustTunnelCloudflared"):
        account = inputs["accountId"]
        found = _api(env, f"/accounts/{account}/cfd_tunnel", name=inputs["name"], is_deleted="false")
        return found[0]["id"] if found else None
    if kind.endswith(":Ruleset"):
        # Only one that says it is this stack's: what is adopted is there before, and is imported by the program.
        path = f"/zones/{inputs['zoneId']}/rulesets"
        ours = [(inputs["phase"], inputs["description"])]
        made = [each["id"] for each in _api(env, path) if (each["phase"], each["description"]) in ours]
        return made[0] if made else None
    if kind.endswith(":DnsRecord"):
        zone = inputs["zoneId"]
        found = _api(env, f"/zones/{zone}/dns_records", name=inputs["name"], type=inputs["type"])
        # Only what this stack was making: a record of that name which somebody else made has another comment or content.
        ours = [
            r for r in found if r["content"] == inputs["content"] and (r["comment"] or "") == inputs.get("comment", "")
        ]
        return ours[0]["id"] if ours else None
    return None


def _api(env: Mapping[str, str], path: str, **query: str) -> list[dict[str, Any]]:
    reply = httpx.get(
        env["CLOUDFLARE_BASE_URL"] + path,
        params=query,
        headers={"Authorization": f"Bearer {env['CLOUDFLARE_API_TOKEN']}"},
    )
    return reply.raise_for_status().json()["result"]


def _find_object(inputs: Mapping[str, Any], env: Mapping[str, str]) -> str | None:
    client = dynamic.DynamicClient(kubernetes_config.new_client_from_config(env["KUBECONFIG"]))
    metadata = inputs["metadata"]
    kind = client.resources.get(api_version=inputs["apiVersion"], kind=inputs["kind"])
    namespace = metadata.get("namespace", "default") if kind.namespaced else None
    try:
        live = client.get(kind, name=metadata["name"], namespace=namespace).to_dict()
    except exceptions.NotFoundError:
        return None
    # Only what the engine made: an object of that name which somebody else made has other managers.
    managers = [field.get("manager", "") for field in live["metadata"].get("managedFields", [])]
    if not any(manager.startswith("pulumi-kubernetes") for manager in managers):
        return None
    return f"{namespace}/{metadata['name']}" if namespace else metadata["name"]
