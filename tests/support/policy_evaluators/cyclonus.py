"""Evaluates Kubernetes policies with cyclonus, an independent evaluator.

https://github.com/mattfenwick/cyclonus, `analyze --mode query-traffic`.
"""

import json
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml


@dataclass(frozen=True)
class Host:
    """One end of a flow: an address and, if a pod has it, that pod's namespace and labels.

    `reserved` are the address' reserved identities in Cilium (`remote-node`, `kube-apiserver`), `names` the DNS names
    that resolve to it; other engines use neither.
    """

    ip: str
    namespace: str = ""
    labels: tuple[tuple[str, str], ...] = ()
    reserved: tuple[str, ...] = ()
    names: tuple[str, ...] = ()

    def query(self) -> dict[str, Any]:
        if not self.namespace:
            return {"IP": self.ip}
        return {
            "IP": self.ip,
            "Internal": {
                "Namespace": self.namespace,
                # The API server gives every namespace this label.
                "NamespaceLabels": {"kubernetes.io/metadata.name": self.namespace},
                "PodLabels": dict(self.labels),
            },
        }


@dataclass(frozen=True)
class Traffic:
    """A flow between two hosts."""

    source: Host
    destination: Host
    port: int
    protocol: str
    port_name: str = ""
    """Name that the destination's pod gives the port."""

    def query(self) -> dict[str, Any]:
        return {
            "Source": self.source.query(),
            "Destination": self.destination.query(),
            "ResolvedPort": self.port,
            "ResolvedPortName": self.port_name,
            "Protocol": self.protocol,
        }

    def is_shown_in(self, block: str) -> bool:
        return (
            f"| {self.port} ({self.port_name}) on {self.protocol} " in block
            and re.search(rf"\| source +\| {re.escape(self.source.ip)} ", block) is not None
            and re.search(rf"\| destination +\| {re.escape(self.destination.ip)} ", block) is not None
        )


def evaluate(binary: Path, folder: Path, policy: dict[str, Any], traffic: Sequence[Traffic]) -> list[bool]:
    """Whether each flow is allowed where `policy` is the only policy, by one run of cyclonus."""
    (folder / "policy.yaml").write_text(yaml.safe_dump(policy))
    (folder / "traffic.json").write_text(json.dumps([flow.query() for flow in traffic]))
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
    if len(blocks) != len(traffic) or not all(map(Traffic.is_shown_in, traffic, blocks)) or None in verdicts:
        raise RuntimeError(f"the answers of cyclonus are not those to the queries:\n{completed.stdout[:2000]}")
    return [verdict is not None and verdict[1] == "TRUE" for verdict in verdicts]
