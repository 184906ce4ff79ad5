"""The status command: the parts of the sandbox in use, and where each comes from."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ops.options import Config, Stack
from sandbox.commands.context import services
from sandbox.commands.options import Json
from sandbox.commands.output import print_result

if TYPE_CHECKING:
    from sandbox.services.services import SandboxServices
    from sandbox.tools import Tool


def status(stack: Stack = None, config: Config = None, as_json: Json = False) -> None:
    """Show the engine, providers and cluster in use, where each comes from, and the stacks of the sandbox."""
    del stack, config  # accepted by every command; one sandbox serves all stacks
    described = _describe(services())
    print_result(described, as_json, lambda: print(_table(described)))


def _describe(running: "SandboxServices") -> dict[str, Any]:
    """Engine, providers, cluster, connector and stacks; builds, downloads and starts nothing."""
    from sandbox import tools
    from sandbox.cluster.external import external_kubeconfig
    from sandbox.engine.checkpoint import list_stacks
    from sandbox.kubelet import cloudflared_binary
    from sandbox.services.providers import choose_providers

    external = external_kubeconfig()
    api_server = None if external else tools.find("kube-apiserver")
    cloudflared = cloudflared_binary.find()
    return {
        "running": running.running,
        "processes": running.processes(),
        "dashboard": running.dashboard() if running.running else None,
        "frontend": running.frontend(),
        "engine": _tool(tools.find("pulumi")),
        "providers": {name: asdict(plugin) for name, plugin in choose_providers().items()},
        "cluster": {
            "kind": "external" if external else "embedded",
            "version": api_server.version if api_server else None,
            "path": str(external or (api_server.path if api_server else "")) or None,
            "origin": "CULVERT_SANDBOX_KUBECONFIG" if external else _origin(api_server),
        },
        "cloudflared": _tool(cloudflared),
        "networkPolicy": _network_policy(running.enforces_policies(), external is not None, cloudflared),
        "stacks": list_stacks(running.directory),
    }


def _table(described: dict[str, Any]) -> str:
    from rich.console import Console
    from rich.table import Table

    parts = Table("part", "in use", "version", "from", box=None, pad_edge=False)
    engine, cluster, connector = described["engine"], described["cluster"], described["cloudflared"]
    parts.add_row("engine", engine["path"] or "-", engine["version"] or "-", engine["origin"])
    for name, provider in described["providers"].items():
        parts.add_row(f"provider {name}", provider["kind"], provider["version"], provider["origin"])
    parts.add_row("cluster", cluster["kind"], cluster["version"] or "-", cluster["origin"])
    parts.add_row("cloudflared", connector["path"] or "-", connector["version"] or "-", connector["origin"])
    policy = described["networkPolicy"]
    parts.add_row("network policy", policy["kind"], "-", policy["origin"])
    for stack in described["stacks"]:
        # `pulumi stack` counts both together.
        counts = f"{stack['resources']} resources, {stack['providers']} providers"
        resources = "damaged" if stack["resources"] is None else counts
        parts.add_row(f"stack {stack['name']}", resources, "", stack["updated"] or "")
    console = Console(width=140)
    with console.capture() as capture:
        console.print(f"running: {', '.join(described['processes'])}" if described["running"] else "not running")
        console.print(f"dashboard: {described['dashboard'] or '-'}")
        console.print(f"frontend: {described['frontend'] or '-'}")
        console.print(parts)
    return capture.get().rstrip()


def _network_policy(running: bool | None, external: bool, cloudflared: "Tool | None") -> dict[str, str]:
    """Whether network policies apply to the connectors: of the running sandbox, else of the next one."""
    from sandbox.services.policy_enforcement import VARIABLE, is_enforced

    chosen = is_enforced()
    if external:
        return {"kind": "external", "origin": "the cluster's network plugin"}
    if running is None and cloudflared is None:
        return {"kind": "not enforced", "origin": "the connector's pods are simulated"}
    if chosen if running is None else running:
        return {"kind": "enforced", "origin": "this repository, traffic"}
    return {"kind": "not enforced", "origin": f"{VARIABLE}=off"}


def _tool(tool: "Tool | None") -> dict[str, Any]:
    return {
        "version": tool.version if tool else None,
        "path": str(tool.path) if tool else None,
        "origin": _origin(tool),
    }


def _origin(tool: "Tool | None") -> str:
    return tool.origin if tool else "not installed"
