"""`python -m migrate`."""

from migrate.cli import run

run()
