"""`python -m verify`."""

from verify.cli import run

run()
