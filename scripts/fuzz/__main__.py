"""`python -m scripts.fuzz`: feeds mutated files and replies to every reader, and fails at the first fault of each kind.

A fault is a traceback or an error that no code expects, more than a screen of text, a character that acts on the
terminal, or more than five seconds. Each line names the seed and the number that repeat it alone.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from scripts.fuzz.campaign import FIXTURES, fuzz_files, fuzz_replies


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m scripts.fuzz", description=__doc__)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--replies", type=int, default=1_000, help="at least as many replies are sent")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--only", type=int, metavar="NUMBER", help="one file or run by its number, and what it prints")
    parser.add_argument("--reader", metavar="NAME", help="one reader of replies alone, such as recover_engine")
    given = parser.parse_args()
    began, faults = time.monotonic(), set[str]()
    with tempfile.TemporaryDirectory() as folder:
        for name, run in (
            ("files", lambda: fuzz_files(FIXTURES, Path(folder), given.seed, given.files, given.only)),
            ("replies", lambda: fuzz_replies(FIXTURES, given.seed, given.replies, given.only, given.reader)),
        ):
            count, slowest = 0, 0.0
            for outcome in run():
                count, slowest = count + outcome.inputs, max(slowest, outcome.seconds)
                if given.only is not None:
                    print(outcome.printed)
                if outcome.fault and outcome.kind not in faults:
                    faults.add(outcome.kind)
                    print(f"{outcome.reader}, number {outcome.number}: {outcome.fault}", flush=True)
            print(f"{count:,} {name}, the slowest {slowest:.1f} s; {time.monotonic() - began:.0f} s in all", flush=True)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
