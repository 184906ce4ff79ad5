"""The policy pack as the engine starts it: this folder, run by Python."""

import sys
from pathlib import Path


def main() -> None:
    """Serves the rules."""
    # The rules are a package of the folder above this one.
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    from policy.analyzer import serve

    serve()


if __name__ == "__main__":
    main()
