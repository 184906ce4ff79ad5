"""Asks cyclonus, an evaluator of network policies that others keep, what a policy lets through.

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
    """One end of a flow: an address, and the pod that has it where it is one.

    `reserved` is what Cilium knows an address to be (`remote-node`, `kube-apiserver`), `names` the DNS names that were
    answered with it; other engines know neither.
    """

    ip: str
    namespace: str = ""
    labels: tuple[tuple[str, str], ...] = ()
    reserved: tuple[str, ...] = ()
    names: tuple[str, ...] = ()

    def asked(self) -> dict[str, Any]:
        if not self.namespace:
            return {"IP": self.ip}
        return {
            "IP": self.ip,
            "Internal": {
                "Namespace": self.namespace,
                # As the API server labels every namespace.
                "NamespaceLabels": {"kubernetes.io/metadata.name": self.namespace},
                "PodLabels": dict(self.labels),
            },
        }


@dataclass(frozen=True)
class Traffic:
    source: Host
    destination: Host
    port: int
    protocol: str

    def asked(self) -> dict[str, Any]:
        return {
            "Source": self.source.asked(),
            "Destination": self.destination.asked(),
            "ResolvedPort": self.port,
            "Protocol": self.protocol,
        }

    def is_shown_in(self, block: str) -> bool:
        return (
            f"| {self.port} () on {self.protocol} " in block
            and re.search(rf"\| source +\| {re.escape(self.source.ip)} ", block) is not None
            and re.search(rf"\| destination +\| {re.escape(self.destination.ip)} ", block) is not None
        )


def judge(binary: Path, folder: Path, policy: dict[str, Any], traffic: Sequence[Traffic]) -> list[bool]:
    """Whether each traffic gets through where `policy` is the only one, in one run of cyclonus."""
    (folder / "policy.yaml").write_text(yaml.safe_dump(policy))
    (folder / "traffic.json").write_text(json.dumps([one.asked() for one in traffic]))
    told = subprocess.run(
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
    if told.returncode:
        raise RuntimeError(f"cyclonus exited with {told.returncode}: {told.stderr[-2000:]}")
    blocks = told.stdout.split("Traffic:\n")[1:]
    verdicts = [re.search(r"IS ALLOWED\? +\| +(TRUE|FALSE) ", block) for block in blocks]
    # The answers carry no number: without this, one answer too few would shift all that follow.
    if len(blocks) != len(traffic) or not all(map(Traffic.is_shown_in, traffic, blocks)) or None in verdicts:
        raise RuntimeError(f"cyclonus answered something else than was asked:\n{told.stdout[:2000]}")
    return [found is not None and found[1] == "TRUE" for found in verdicts]
