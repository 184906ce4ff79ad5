"""The command `preflight`: runs its checks once and prints their results."""

import json
import sys
from pathlib import Path

from rich.console import Console

from ops.expected_stack import ExpectedStack, load
from ops.preflight.checks import cloudflare, cluster, hostnames
from ops.verify.causes import explained
from ops.verify.report import as_json, as_table
from ops.verify.result import CheckResult, exit_status


def preflight(stack: str | None, config: Path | None, *, json_output: bool) -> int:
    """Runs the command and returns its exit status."""
    expected = load(stack, config)
    results = run(expected)
    if json_output:
        print(json.dumps(as_json(expected.stack, results)))
    else:
        console = Console(width=None if sys.stdout.isatty() else 200)
        console.print(as_table(results), soft_wrap=not console.is_terminal)
    return exit_status(results)


def run(stack: ExpectedStack) -> list[CheckResult]:
    """All results. A check that cannot run is among them, as unknown."""
    return explained([*hostnames.run(stack), *cloudflare.run(stack), *cluster.run(stack)], stack.named)
