"""Entry point of the policy pack: the engine runs this folder with Python."""

import sys
from pathlib import Path


def main() -> None:
    """Serves the rules."""
    # The engine starts this folder as a script; the package `policy` lies in the folder above.
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    from policy.analyzer import serve

    serve()


if __name__ == "__main__":
    main()
