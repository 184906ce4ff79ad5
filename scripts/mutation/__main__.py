"""`python -m scripts.mutation [MODULE …]`: changes each line of a module in turn and lists the changes no unit test
notices.

Not part of `make test`: a mutant costs a run of the module's tests, and all modules take hours. Needs `pip install -r
scripts/mutation/requirements.txt`. Works in a checkout of HEAD of its own, so commit first. Survivors that no test can
kill, and why, are in README.md beside this file.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

PROJECT = Path(__file__).resolve().parents[2]
TESTS = {
    "components": "tests/unit/components",
    "settings/derived": "tests/unit/settings",
    "settings/checks": "tests/unit/settings",
}
"""What is mutated, and the tests that are to notice."""
# In annotations, `str | None` with another operator: it is no change of what the program does.
EXCLUDED_OPERATORS = ["core/ReplaceBinaryOperator_BitOr_.*"]


def main(
    modules: Annotated[list[Path] | None, typer.Argument(help="Modules to mutate; without any, all of them.")] = None,
    timeout: Annotated[float, typer.Option(help="Seconds that the tests of a mutant may take.")] = 300,
) -> None:
    """Prints the diff of each surviving mutant, and exits with status 1 if there is one."""
    survivors = 0
    with _checkout() as checkout:
        for module in modules or _modules():
            for diff in _survivors(checkout, module, timeout):
                survivors += 1
                print(diff, flush=True)
    print(f"{survivors} mutants survived", file=sys.stderr)
    sys.exit(1 if survivors else 0)


def _modules() -> list[Path]:
    found = [path.relative_to(PROJECT) for folder in TESTS for path in sorted((PROJECT / folder).rglob("*.py"))]
    return [path for path in found if path.name != "__init__.py"]


def _tests(module: Path) -> str:
    """The tests of a module: those of the folder or file that mirrors it, else those of its whole part of the program."""
    top = next(tests for folder, tests in TESTS.items() if module.is_relative_to(folder))
    mirrored = Path("tests/unit") / module.parent / f"test_{module.name}"
    return str(mirrored) if (PROJECT / mirrored).exists() else top


@contextmanager
def _checkout() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="culvert-mutation-") as folder:
        checkout = Path(folder) / "checkout"
        subprocess.run(["git", "worktree", "add", "--quiet", "--detach", checkout], cwd=PROJECT, check=True)
        try:
            yield checkout
        finally:
            subprocess.run(["git", "worktree", "remove", "--force", checkout], cwd=PROJECT, check=True)


def _survivors(checkout: Path, module: Path, timeout: float) -> Iterator[str]:
    config, session = checkout.parent / "cosmic-ray.toml", checkout.parent / "session.sqlite"
    session.unlink(missing_ok=True)
    test_command = f"{sys.executable} -m pytest -x -q -p no:cacheprovider {_tests(module)}"
    config.write_text(
        f"""[cosmic-ray]
module-path = "{module}"
timeout = {timeout}
excluded-modules = []
test-command = "{test_command}"
[cosmic-ray.distributor]
name = "local"
[cosmic-ray.filters.operators-filter]
exclude-operators = {json.dumps(EXCLUDED_OPERATORS)}
"""
    )
    # Unchanged code has to pass, or every mutant would seem to be noticed.
    subprocess.run(test_command.split(), cwd=checkout, check=True, stdout=subprocess.DEVNULL)
    print(f"{module}, by {_tests(module)}", file=sys.stderr, flush=True)
    _cosmic_ray(checkout, "cosmic-ray", "init", config, session)
    _cosmic_ray(checkout, "cr-filter-operators", session, config)
    _cosmic_ray(checkout, "cosmic-ray", "exec", config, session)
    for line in _cosmic_ray(checkout, "cosmic-ray", "dump", session).splitlines():
        result: dict[str, Any] = json.loads(line)[1] or {}
        if result.get("test_outcome") == "survived":
            yield result["diff"]


def _cosmic_ray(checkout: Path, program: str, *arguments: str | Path) -> str:
    command = [Path(sys.executable).parent / program, *arguments]
    return subprocess.run(command, cwd=checkout, check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    typer.run(main)
