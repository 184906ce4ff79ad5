"""What a sandbox is made of at this moment, and where each part comes from."""

from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.table import Table

from sandbox import tools
from sandbox.kubelet import cloudflared_binary
from sandbox.services.services import SandboxServices, choose_providers, external_kubeconfig


def describe(session: SandboxServices) -> dict[str, Any]:
    """Engine, providers, cluster, connector and stacks; builds, downloads and starts nothing."""
    given = external_kubeconfig()
    server = None if given else tools.find("kube-apiserver")
    return {
        "running": session.running,
        "processes": session.processes(),
        "dashboard": session.dashboard() if session.running else None,
        "frontend": session.frontend(),
        "engine": _tool(tools.find("pulumi")),
        "providers": {name: asdict(provider) for name, provider in choose_providers().items()},
        "cluster": {
            "kind": "external" if given else "embedded",
            "version": server.version if server else None,
            "path": str(given or (server.path if server else "")) or None,
            "origin": "CULVERT_SANDBOX_KUBECONFIG" if given else _origin(server),
        },
        "cloudflared": _tool(cloudflared_binary.find()),
        "stacks": session.stacks(),
    }


def table(described: dict[str, Any]) -> str:
    """The same for a person."""
    parts = Table("part", "in use", "version", "from", box=None, pad_edge=False)
    engine, cluster, connector = described["engine"], described["cluster"], described["cloudflared"]
    parts.add_row("engine", engine["path"] or "-", engine["version"] or "-", engine["origin"])
    for name, provider in described["providers"].items():
        parts.add_row(f"provider {name}", provider["kind"], provider["version"], provider["origin"])
    parts.add_row("cluster", cluster["kind"], cluster["version"] or "-", cluster["origin"])
    parts.add_row("cloudflared", connector["path"] or "-", connector["version"] or "-", connector["origin"])
    for stack in described["stacks"]:
        parts.add_row(f"stack {stack['name']}", f"{stack['resources']} resources", "", stack["updated"] or "")
    console = Console(width=140)
    with console.capture() as capture:
        console.print(f"running: {', '.join(described['processes'])}" if described["running"] else "not running")
        console.print(f"dashboard: {described['dashboard'] or '-'}")
        console.print(f"frontend: {described['frontend'] or '-'}")
        console.print(parts)
    return capture.get().rstrip()


def _tool(tool: tools.Tool | None) -> dict[str, Any]:
    return {
        "version": tool.version if tool else None,
        "path": str(tool.path) if tool else None,
        "origin": _origin(tool),
    }


def _origin(tool: tools.Tool | None) -> str:
    return tool.origin if tool else "not here"
