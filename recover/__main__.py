"""`python -m recover`."""

from recover.cli import run

run()
