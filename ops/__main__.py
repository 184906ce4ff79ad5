"""`python -m ops verify | recover | migrate`."""

import importlib
import sys

COMMANDS = ("verify", "recover", "migrate")

if len(sys.argv) < 2 or sys.argv[1] not in COMMANDS:
    sys.exit(f"usage: python -m ops {' | '.join(COMMANDS)}")
command = sys.argv.pop(1)
importlib.import_module(f"ops.{command}.cli").run()
