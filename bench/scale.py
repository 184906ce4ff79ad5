"""Many hostnames: preview, first up, second up, one changed rule, destroy."""

import os
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.measured import Measured, sandbox, set_faults, stack_file

ACCOUNT, ZONE = "0123456789abcdef0123456789abcdef", "89abcdef0123456789abcdef01234567"
STEPS = ("preview", "first up", "second up", "one rule changed", "destroy")
KEEPING = {"every step": {}, "the end": {"PULUMI_SKIP_CHECKPOINTS": "true"}}
"""When the engine writes its state, and the variable that says so."""


@dataclass(frozen=True)
class Row:
    """One step with so many hostnames. `records` says whether each has its own or all share a wildcard's."""

    hostnames: int
    records: str
    state: str
    step: str
    measured: Measured


def rows(counts: Iterable[int], state: str, limited: bool) -> Iterator[Row]:
    """Measures in a sandbox of its own, which is gone afterwards; `limited` enforces 1,200 API calls in five minutes."""
    with tempfile.TemporaryDirectory(prefix="culvert-bench-") as folder:
        env = {**os.environ, **KEEPING[state], "CULVERT_SANDBOX_HOME": f"{folder}/home", "CULVERT_CLOUDFLARED": "/none"}
        try:
            # Servers and their caches are warm before anything is measured.
            sandbox(env, "up", "--config", str(stack_file(Path(folder), "warm", _settings("warm", 1, "own"))))
            if limited:
                set_faults(sandbox(env, "status").report["page"], Path(folder, "home"), enforce_rate_limit=True)
            for count in counts:
                for records in ("own", "wildcard"):
                    for step, measured in _steps(env, Path(folder), count, records):
                        yield Row(count, records, state, step, measured)
        finally:
            sandbox(env, "down", "--delete")


def _steps(env: dict[str, str], folder: Path, count: int, records: str) -> Iterator[tuple[str, Measured]]:
    stack = f"n{count}-{records}"
    before = str(stack_file(folder, stack, _settings(stack, count, records)))
    yield "preview", sandbox(env, "preview", "--config", before)
    yield "first up", sandbox(env, "up", "--config", before)
    yield "second up", sandbox(env, "up", "--config", before)
    after = str(stack_file(folder, stack, _settings(stack, count, records, first="http://other")))
    yield "one rule changed", sandbox(env, "up", "--config", after)
    yield "destroy", sandbox(env, "destroy", "--config", after)


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
