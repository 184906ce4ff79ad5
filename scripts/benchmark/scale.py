"""Many hostnames: preview, first up, second up, one changed rule, destroy, by whoever is measured."""

import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from scripts.benchmark.measured import Measured, sandbox, set_faults, stack_file
from scripts.benchmark.terraform import Terraform, TerraformRecords
from scripts.benchmark.tools import Pulumi, Sandbox, Tool

ACCOUNT, ZONE = "0123456789abcdef0123456789abcdef", "89abcdef0123456789abcdef01234567"
KEEPING = {"every step": {}, "the end": {"PULUMI_SKIP_CHECKPOINTS": "true"}}
"""When the engine writes its state, and the variable that says so."""

TOOLS: dict[str, type[Tool]] = {
    "sandbox": Sandbox,
    "pulumi": Pulumi,
    "terraform": Terraform,
    "terraform-records": TerraformRecords,
}


Steps = dict[str, Measured]


@dataclass(frozen=True)
class Conditions:
    """`state` is a key of `KEEPING`; `delay` how many seconds the API thinks about each call; `limited` enforces 1,200 calls in
    five minutes; of `runs`, in which the tools take turns, the one in the middle counts, by the clock, step by step."""

    state: str = "every step"
    delay: float = 0.0
    limited: bool = False
    runs: int = 1


@dataclass(frozen=True)
class Row:
    """One step with so many hostnames. `records` says whether each has its own or all share a wildcard's."""

    tool: str
    hostnames: int
    records: str
    step: str
    measured: Measured


def rows(tools: Sequence[str], records: Sequence[str], counts: Iterable[int], conditions: Conditions) -> Iterator[Row]:
    """Measures tools of `TOOLS`, one after the other in each run, beside one sandbox, which is gone afterwards."""
    ways = [(tool, way) for tool in dict.fromkeys(tools) for way in TOOLS[tool].records if way in records]
    with tempfile.TemporaryDirectory(prefix="culvert-bench-") as folder:
        env = {**os.environ, **KEEPING[conditions.state], "CULVERT_CLOUDFLARED": "/none"}
        env["CULVERT_SANDBOX_HOME"] = f"{folder}/home"
        try:
            # Servers and their caches are warm before anything is measured.
            warm = str(stack_file(Path(folder), "warm", _settings("warm", 1, "own")))
            sandbox(env, "up", "--config", warm)
            delay = [{"kind": "delay", "delay": conditions.delay}] if conditions.delay else []
            page = sandbox(env, "status").report["dashboard"]
            set_faults(page, Path(folder, "home"), rules=delay, enforce_rate_limit=conditions.limited)
            env |= sandbox(env, "env", "--config", warm).report
            for count in counts:
                made: dict[tuple[str, str], list[Steps]] = {way: [] for way in ways}
                for run, (tool, way) in product(range(conditions.runs), ways):
                    stack = f"n{count}-{way}-{tool}-{run}"
                    before, after = (_settings(stack, count, way, first) for first in ("http://blog", "http://other"))
                    made[tool, way].append(dict(TOOLS[tool](env, Path(folder), stack).steps(before, after)))
                for (tool, way), runs in made.items():
                    for step in runs[0]:
                        took = sorted((run[step] for run in runs), key=lambda measured: measured.seconds)
                        yield Row(tool, count, way, step, took[len(took) // 2])
        finally:
            sandbox(env, "down", "--delete")


def _settings(stack: str, count: int, records: str, first: str = "http://blog") -> dict[str, Any]:
    """So many hostnames, or so many paths of one wildcard: as many rules either way."""
    services = [first, *["http://blog"] * (count - 1)]
    routes = [
        {"hostname": f"{stack}-{number}.example.com", "service": service}
        if records == "own"
        else {
            "hostname": f"*.{stack}.example.com",
            "path": f"/{number}",
            "service": service,
            "advancedCertificate": True,
        }
        for number, service in enumerate(services)
    ]
    return {"accountId": ACCOUNT, "zones": {"example.com": ZONE}, "namespace": stack, "routes": routes}
