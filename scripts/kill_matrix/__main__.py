"""`python -m scripts.kill_matrix`: kills runs of every example stack after each of their writes, and completes them.

Not part of `make test`, which kills a sample: the whole takes hours. Needs the packages of requirements-dev.txt.
"""

import sys
import time
from pathlib import Path
from typing import Annotated

import pytest
import typer

from scripts.kill_matrix.matrix import Matrix
from scripts.kill_matrix.plan import PROJECT
from scripts.kill_matrix.results import PAGE, Results, page

TESTS = "tests/e2e/kill_matrix.py"


class Plugin:
    """Gives the test its matrix."""

    def __init__(self, matrix: Matrix) -> None:
        self._matrix = matrix

    @pytest.fixture
    def matrix(self) -> Matrix:
        return self._matrix


def main(
    runs: Annotated[
        list[str] | None,
        typer.Argument(metavar="[EXAMPLE-OPERATION-TARGET]…", help="Which runs, as wildcards; by default all."),
    ] = None,
    each: Annotated[int, typer.Option(min=1, help="How many kills of each run; by default all.")] = sys.maxsize,
    minutes: Annotated[float, typer.Option(help="After how many minutes no other run is killed.")] = float("inf"),
    results: Annotated[
        Path | None,
        typer.Option(help="File that each result is appended to, as a line of JSON. What it has is not repeated."),
    ] = None,
    table: Annotated[bool, typer.Option("--table", help=f"Only write the results' table into {PAGE}.")] = False,
) -> None:
    """Prints each kill, and whether the next command completed the run; exits with status 1 if any was not."""
    found = Results(results)
    if table:
        path = PROJECT / PAGE
        path.write_text(page(path.read_text(encoding="utf-8"), found), encoding="utf-8")
        return
    matrix = Matrix(found, runs or ["*"], each, time.monotonic() + 60 * minutes)
    status = pytest.main(
        [str(PROJECT / TESTS), "-qs", "--no-header", "-p", "no:cacheprovider"], plugins=[Plugin(matrix)]
    )
    print(f"{matrix.completed} kills were completed, {matrix.failed} were not")
    sys.exit(status)


if __name__ == "__main__":
    typer.run(main)
