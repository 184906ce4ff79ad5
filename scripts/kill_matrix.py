"""`python -m scripts.kill_matrix`: kills runs of every example stack after each of their writes, and completes them.

Not part of `make test`, which kills a sample: each kill takes three runs of the engine, and the whole takes hours.
Needs the packages of requirements-dev.txt.
"""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import pytest
import typer

PROJECT = Path(__file__).resolve().parents[1]
TESTS = "tests/e2e/kill_matrix.py"


class Report:
    """Plugin of pytest that prints how many kills of each run were completed, as soon as it is known."""

    def __init__(self, results: Path | None) -> None:
        self.results = results
        self.kills = self.writes = self.failures = 0

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        counts: dict[str, Any] = dict(report.user_properties)
        if report.when != "call" or "example" not in counts:
            return
        writes = counts["kills"] if report.passed else "?"
        words = (f"{counts[key]:{width}}" for key, width in (("example", 16), ("operation", 24), ("target", 12)))
        print(f"\n{''.join(words)} {counts['kills']} of {writes}", end=" ", flush=True)
        if report.failed:
            self.failures += 1
            print(f"\n{report.longreprtext}", flush=True)
        self.kills += counts["kills"]
        if self.results:
            with self.results.open("a") as file:
                file.write(json.dumps({**counts, "writes": writes}) + "\n")


def main(
    select: Annotated[str, typer.Argument(help="Which runs: pytest's -k, such as 'access and destroy'.")] = "",
    workers: Annotated[int, typer.Option(help="How many runs at a time, each in a sandbox of its own.")] = 2,
    results: Annotated[
        Path | None, typer.Option(help="File that each result is appended to, as a line of JSON.")
    ] = None,
) -> None:
    """Prints `k of K` for each example, operation and process that is killed; exits with status 1 after a failure."""
    report = Report(results)
    arguments = [str(PROJECT / TESTS), "-q", "--no-header", "-p", "no:cacheprovider", "-n", str(workers)]
    status = pytest.main([*arguments, *(["-k", select] if select else [])], plugins=[report])
    print(f"{report.kills} kills were completed, {report.failures} runs were not")
    sys.exit(status)


if __name__ == "__main__":
    typer.run(main)
