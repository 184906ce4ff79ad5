"""`python -m scripts.policy_agreement`: compares `traffic/` with cyclonus on random network policies and flows.

Not part of `make test`, which compares a sample: ten thousand flows take a minute or two. Needs the packages of
requirements-dev.txt, and cyclonus, which is built if necessary.
"""

import os
import sys
from pathlib import Path
from typing import Annotated

import pytest
import typer

PROJECT = Path(__file__).resolve().parents[1]
TEST = "tests/integration/network_policy/test_random_policies.py::test_the_judge_agrees_with_cyclonus"
FLOWS = 20
"""Flows of one example, as `tests/support/random_policies.py` makes them."""


class Report:
    """Plugin of pytest that keeps what the test counted."""

    def __init__(self) -> None:
        self.counts: dict[str, object] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call":
            self.counts = dict(report.user_properties)


def main(cases: Annotated[int, typer.Argument(min=1, help="How many flows to compare.")] = 10_000) -> None:
    """Prints how many flows were compared; for a difference, the smallest example of it, and exits with status 1."""
    os.environ["CULVERT_POLICY_EXAMPLES"] = str(-(-cases // FLOWS))
    report = Report()
    status = pytest.main([str(PROJECT / TEST), "-q", "--no-header", "-p", "no:cacheprovider"], plugins=[report])
    if report.counts:
        print("{cases} flows were compared, {denied} of them are denied; no verdict differs".format(**report.counts))
    sys.exit(status)


if __name__ == "__main__":
    typer.run(main)
