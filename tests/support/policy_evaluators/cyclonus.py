"""Evaluates Kubernetes policies with cyclonus, an independent evaluator.

https://github.com/mattfenwick/cyclonus, `analyze --mode query-traffic`.
"""

import json
import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from traffic import Flow, Host


def evaluate(binary: Path, folder: Path, policies: Sequence[Mapping[str, Any]], traffic: Sequence[Flow]) -> list[bool]:
    """Whether each flow is allowed where these are the only policies, by one run of cyclonus."""
    # As JSON, since PyYAML and Go differ in which words of YAML are booleans.
    (folder / "policy.yaml").write_text(json.dumps({"kind": "NetworkPolicyList", "items": [*policies]}))
    (folder / "traffic.json").write_text(json.dumps([_query(flow) for flow in traffic]))
    completed = subprocess.run(
        [
            binary,
            "analyze",
            "--mode",
            "query-traffic",
            "--policy-path",
            "policy.yaml",
            "--traffic-path",
            "traffic.json",
        ],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    if completed.returncode:
        raise RuntimeError(f"cyclonus exited with {completed.returncode}: {completed.stderr[-2000:]}")
    blocks = completed.stdout.split("Traffic:\n")[1:]
    verdicts = [re.search(r"IS ALLOWED\? +\| +(TRUE|FALSE) ", block) for block in blocks]
    # The answers have no number: a missing one would shift all those after it.
    if len(blocks) != len(traffic) or not all(map(_is_shown_in, traffic, blocks)) or None in verdicts:
        raise RuntimeError(f"the answers of cyclonus are not those to the queries:\n{completed.stdout[:2000]}")
    return [verdict is not None and verdict[1] == "TRUE" for verdict in verdicts]


def _query(flow: Flow) -> dict[str, Any]:
    return {
        "Source": _peer(flow.source),
        "Destination": _peer(flow.destination),
        "ResolvedPort": flow.port,
        "ResolvedPortName": _port_name(flow),
        "Protocol": flow.protocol,
    }


def _peer(host: Host) -> dict[str, Any]:
    if not host.is_pod:
        return {"IP": host.ip}
    labels = {"NamespaceLabels": host.labels_of_namespace, "PodLabels": dict(host.labels)}
    return {"IP": host.ip, "Internal": {"Namespace": host.namespace, **labels}}


def _is_shown_in(flow: Flow, block: str) -> bool:
    return (
        f"| {flow.port} ({_port_name(flow)}) on {flow.protocol} " in block
        and re.search(rf"\| source +\| {re.escape(flow.source.ip)} ", block) is not None
        and re.search(rf"\| destination +\| {re.escape(flow.destination.ip)} ", block) is not None
    )


def _port_name(flow: Flow) -> str:
    return flow.port_names[0] if flow.port_names else ""
