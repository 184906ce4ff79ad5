"""`python -m sandbox.tools`: gets every tool of the catalog before the tests, which would wait for it unseen."""

import sys

from sandbox.errors import SandboxError
from sandbox.tools.catalog import CATALOG
from sandbox.tools.provision import ensure

ONE_TEST = "kube-network-policies"
"""It takes root on Linux to run. Its test gets it."""


def main() -> int:
    """Returns 1 if a tool is not to be had, and says why."""
    try:
        ensure([name for name in CATALOG if name != ONE_TEST], lambda line: print(line, flush=True))
    except SandboxError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
