"""Stacks with many hostnames: preview, first up, second up, one changed rule and destroy, by tool."""

import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from statistics import median
from typing import Any

from scripts.benchmark.measurement import Measurement, sandbox, set_faults, stack_file
from scripts.benchmark.terraform import Terraform, TerraformRecords
from scripts.benchmark.tools import Bare, Empty, Pulumi, Sandbox, Tool, Typed

ACCOUNT, ZONE = "0123456789abcdef0123456789abcdef", "89abcdef0123456789abcdef01234567"
STATE_WRITES = {"every step": {}, "the end": {"PULUMI_SKIP_CHECKPOINTS": "true"}}
"""When the engine writes its state, with the environment for that."""

TOOLS: dict[str, type[Tool]] = {
    "sandbox": Sandbox,
    "pulumi": Pulumi,
    "empty": Empty,
    "bare": Bare,
    "typed": Typed,
    "terraform": Terraform,
    "terraform-records": TerraformRecords,
}
REFERENCES = ("empty", "bare", "typed", "terraform")
"""Tools that the others are compared with, where they are measured too."""
Steps = dict[str, Measurement]


@dataclass(frozen=True)
class Conditions:
    """Conditions of a benchmark."""

    state: str = "every step"
    """A key of `STATE_WRITES`."""
    delay: float = 0.0
    """Latency of each API call, in seconds."""
    limited: bool = False
    """Whether the API enforces 1,200 calls per five minutes."""
    runs: int = 1
    """Number of runs, in which the tools take turns. Of each step the run with the median time counts."""


@dataclass(frozen=True)
class Row:
    """One step. `records`: each hostname has a record of its own (`own`), or all share a `wildcard`.

    `ratios` are by tool of `REFERENCES`: the median of the runs' ratios of seconds, and that of `work`.
    """

    tool: str
    hostnames: int
    records: str
    step: str
    measurement: Measurement
    ratios: dict[str, tuple[float, float]]


def rows(tools: Sequence[str], records: Sequence[str], counts: Iterable[int], conditions: Conditions) -> Iterator[Row]:
    """Measures tools of `TOOLS`, one after the other in each run, with one sandbox that is deleted afterwards."""
    cases = [(tool, mode) for tool in dict.fromkeys(tools) for mode in TOOLS[tool].records if mode in records]
    with tempfile.TemporaryDirectory(prefix="culvert-bench-") as folder:
        env = {**os.environ, **STATE_WRITES[conditions.state], "CULVERT_CLOUDFLARED": "/none"}
        env["CULVERT_SANDBOX_HOME"] = f"{folder}/home"
        try:
            # Starts the servers and warms their caches before the first measurement.
            warm = str(stack_file(Path(folder), "warm", _settings("warm", 1, "own")))
            sandbox(env, "up", "--config", warm)
            delay = [{"kind": "delay", "delay": conditions.delay}] if conditions.delay else []
            dashboard = sandbox(env, "status").report["dashboard"]
            set_faults(dashboard, Path(folder, "home"), rules=delay, enforce_rate_limit=conditions.limited)
            env |= sandbox(env, "env", "--config", warm).report
            for count in counts:
                runs_by_case: dict[tuple[str, str], list[Steps]] = {case: [] for case in cases}
                for run, (tool, mode) in product(range(conditions.runs), cases):
                    stack = f"n{count}-{mode}-{tool}-{run}"
                    before, after = (_settings(stack, count, mode, first) for first in ("http://blog", "http://other"))
                    runs_by_case[tool, mode].append(dict(TOOLS[tool](env, Path(folder), stack).steps(before, after)))
                references = {tool: runs for (tool, mode), runs in runs_by_case.items() if mode == "own"}
                references = {tool: references[tool] for tool in REFERENCES if tool in references}
                for (tool, mode), runs in runs_by_case.items():
                    for step in runs[0]:
                        measured = [run[step] for run in runs]
                        against = {name: [run[step] for run in others] for name, others in references.items()}
                        compared = {name: ratios(measured, others) for name, others in against.items() if name != tool}
                        sorted_runs = sorted(measured, key=lambda measurement: measurement.seconds)
                        yield Row(tool, count, mode, step, sorted_runs[len(sorted_runs) // 2], compared)
        finally:
            sandbox(env, "down", "--delete")


def ratios(measured: Sequence[Measurement], reference: Sequence[Measurement]) -> tuple[float, float]:
    """The medians of the ratios of seconds and of `work`, run by run: a run's tools had the same machine."""
    pairs = list(zip(measured, reference, strict=True))
    return (
        median(one.seconds / other.seconds for one, other in pairs),
        median(one.work / other.work for one, other in pairs),
    )


def _settings(stack: str, count: int, records: str, first: str = "http://blog") -> dict[str, Any]:
    """Settings with `count` hostnames, or `count` paths of one wildcard: the number of rules is the same."""
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
