"""`python -m scripts.mutation`: changes the code in thousands of places, one at a time, and prints the changes that no
unit test notices."""

import argparse
import difflib
import json
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

from scripts.mutation.fork_mutants import KILLED, NO_TESTS, TIMEOUT

EXPLAINED = Path(__file__).with_name("explained.toml")
MUTANTS = Path("mutants")
# mutmut has no command that ends here. Its own way to run the tests takes seconds for each mutant.
GENERATE = """
from mutmut import __main__ as mutmut
mutmut.makedirs("mutants", exist_ok=True)
mutmut.copy_src_dir()
mutmut.copy_also_copy_files()
mutmut.create_mutants(1)
"""
PYTEST = [
    "-qs",
    "--tb=no",
    "--assert=plain",
    "-pno:cacheprovider",
    "-pno:timeout",
    "-pno:xdist",
    "-pscripts.mutation.fork_mutants",
]
TESTS = ["tests/unit/settings", "tests/unit/components"]


def main() -> int:
    parser = argparse.ArgumentParser("python -m scripts.mutation", description=__doc__)
    parser.add_argument("globs", nargs="*", default=["*"], help="names of mutants, such as 'settings.checks.zones.*'")
    parser.add_argument("--jobs", type=int, default=1, help="how many mutants run at a time")
    parser.add_argument("--seconds", type=float, default=5, help="how long the tests of a mutant may usually take")
    options = parser.parse_args()
    subprocess.run([sys.executable, "-c", GENERATE], check=True, stdout=subprocess.DEVNULL)
    own = [f"--jobs={options.jobs}", f"--seconds={options.seconds}", *(f"--mutants={glob}" for glob in options.globs)]
    subprocess.run([sys.executable, "-m", "pytest", *PYTEST, *own, *TESTS], cwd=MUTANTS)
    explained = tomllib.loads(EXPLAINED.read_text())["survivors"]
    return report(options.globs, {(each["function"], change) for each in explained for change in each["changes"]})


def report(globs: list[str], explained: set[tuple[str, str]]) -> int:
    """Prints the survivors that are not explained, and how many there are; 1 where there is one."""
    counts = Counter[str]()
    for name, code, change in results(globs):
        function = function_of(name)
        if code in (KILLED, TIMEOUT):
            counts["killed"] += 1
        elif (function, change) in explained:
            counts["explained"] += 1
        else:
            counts["open"] += 1
            note = ", which no test calls" if code == NO_TESTS else ", not run" if code is None else ""
            print(f"{name} of {function}{note}:\n{change}")
    print(f"{counts.total()} mutants:", ", ".join(f"{number} {what}" for what, number in sorted(counts.items())))
    return int(counts["open"] > 0)


def function_of(mutant: str) -> str:
    """`settings.derived.rule_index.RuleIndex.add`, from mutmut's `settings.derived.rule_index.xǁRuleIndexǁadd__…_1`."""
    module, _, name = mutant.partition("__mutmut_")[0].rpartition(".")
    return f"{module}.{name.removeprefix('x_').removeprefix('xǁ').replace('ǁ', '.')}"


def results(globs: list[str]) -> Iterator[tuple[str, int | None, str]]:
    """Name and code of each mutant, and its lines that the function lacks; where there are none, the lines it lacks."""
    for meta in sorted(MUTANTS.rglob("*.py.meta")):
        lines = meta.with_suffix("").read_text().splitlines()
        spans = json.loads(meta.with_suffix(".spans").read_text())["spans"]
        for name, code in json.loads(meta.read_text())["exit_code_by_key"].items():
            if any(fnmatchcase(name, glob) for glob in globs):
                mutant = name.rpartition(".")[2]
                original = mutant.partition("__mutmut_")[0] + "__mutmut_orig"
                before, after = (lines[first - 1 : last] for first, last in (spans[original], spans[mutant]))
                renamed = [line.strip().replace(mutant, original) for line in after]
                diff = difflib.ndiff([line.strip() for line in before], renamed)
                changes = [line for line in diff if line.startswith(("+", "-"))]
                yield name, code, "\n".join([line for line in changes if line.startswith("+")] or changes)


if __name__ == "__main__":
    sys.exit(main())
