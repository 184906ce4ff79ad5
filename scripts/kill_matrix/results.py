"""Results of kills: a file with a line of JSON for each, and the table of them in the documentation."""

import json
from pathlib import Path
from typing import Any

from scripts.kill_matrix.plan import EXAMPLES, OPERATIONS, TARGETS, Kill

PAGE = "docs/sandbox.md"
_BEGIN = "<!-- written by `python -m scripts.kill_matrix --table` -->"
_END = "<!-- end of the table -->"


class Results:
    """What is known of a matrix. With a `path`, it is read from that file, and each result is appended to it."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self.writes: dict[tuple[str, str], int] = {}
        """How many writes a run has, by example and operation."""
        self.outcomes: dict[Kill, bool] = {}
        """Whether a killed run was completed; of several outcomes of a kill, the last."""
        self.last = ""
        """The day of the last result."""
        for line in path.read_text().splitlines() if path and path.exists() else ():
            self._note(json.loads(line))

    def add(self, **line: Any) -> None:
        """`example`, `operation` and how many `writes` it has; or these with `target` and `write` of a kill, and
        whether it was `completed`. Other fields are only kept in the file."""
        self._note(line)
        if self._path:
            with self._path.open("a") as file:
                file.write(json.dumps(line) + "\n")

    def _note(self, line: dict[str, Any]) -> None:
        self.writes[line["example"], line["operation"]] = line["writes"]
        self.last = max(self.last, line["day"])
        if "target" in line:
            kill = Kill(line["example"], line["operation"], line["target"], line["write"])
            self.outcomes[kill] = line["completed"]

    def cell(self, example: str, operation: str) -> str:
        """`2 of 2 (48)`: of the kills that were done, how many were completed, and in brackets how many there are."""
        if (example, operation) not in self.writes:
            return ""
        done = [
            outcome for kill, outcome in self.outcomes.items() if (kill.example, kill.operation) == (example, operation)
        ]
        return f"{sum(done)} of {len(done)} ({len(TARGETS) * self.writes[example, operation]})"

    def table(self) -> str:
        """The figures of all examples and operations, as Markdown."""
        completed, ran = sum(self.outcomes.values()), len(self.outcomes)
        total = len(TARGETS) * sum(self.writes.values())
        examples = [example for example in EXAMPLES if any((example, each) in self.writes for each in OPERATIONS)]
        rows = [[f"`{example}`", *(self.cell(example, each) for each in OPERATIONS)] for example in examples]
        header = ["example", *(f"`{each}`" if each.startswith(("up", "destroy")) else each for each in OPERATIONS)]
        lines = [header, ["---"] * len(header), *rows]
        return "\n".join(
            [
                f"Until {self.last}, {ran:,} of the {total:,} kills of {len(examples)} of the {len(EXAMPLES)} examples "
                f"were run, and {completed:,} completed.",
                "",
                *(f"| {' | '.join(line)} |" for line in lines),
            ]
        )


def page(text: str, results: Results) -> str:
    """The page with the table of these results in place of the one that it has."""
    before, _, rest = text.partition(_BEGIN)
    _, found, after = rest.partition(_END)
    if not found:
        raise ValueError(f"{PAGE} must contain {_BEGIN} and {_END}")
    return f"{before}{_BEGIN}\n\n{results.table()}\n\n{_END}{after}"
