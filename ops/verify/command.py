"""The command `verify`: runs the checks once or repeatedly, and prints their results."""

import json
import sys
import time
from pathlib import Path

from rich.console import Console

from clients.errors import CheckUnavailable
from ops.expected_stack import ExpectedStack, load
from ops.verify import debug_container, probe_targets
from ops.verify.report import as_json, as_table
from ops.verify.result import exit_status
from ops.verify.runner import Runner


def verify(
    stack: str | None,
    config: Path | None,
    *,
    json_output: bool,
    interval: float | None,
    print_only: bool,
    image: str | None,
    lan: list[str],
    probe_pod: bool,
    offline: bool,
) -> int:
    """Runs the command and returns its exit status. `interval` is in seconds, None for a single run."""
    expected, image = load(stack, config), image or debug_container.IMAGE
    # A mistake in an address is reported before anything is read.
    addresses = tuple(probe_targets.parse_lan(lan))
    if print_only:
        targets = [*probe_targets.from_settings(expected, addresses), *_cluster_targets(expected)]
        print(debug_container.manual_commands(expected, image, targets))
        return 0
    runner = Runner(expected, image, addresses, probe_pod, offline)
    console = Console(width=None if sys.stdout.isatty() else 200)
    while True:
        results = runner.run()
        if json_output:
            print(json.dumps(as_json(expected.stack, results)), flush=True)
        else:
            if interval is not None:
                console.clear()
            console.print(as_table(results), soft_wrap=not console.is_terminal)
        if interval is None:
            return exit_status(results)
        # Each run would add another finished container to the pod.
        runner.probe_pod = False
        time.sleep(interval)


def _cluster_targets(stack: ExpectedStack) -> list[probe_targets.Target]:
    """Targets that only the cluster can name; without a cluster there are none."""
    try:
        return probe_targets.from_cluster(stack.kubernetes(), stack, "")
    except CheckUnavailable:
        return []
