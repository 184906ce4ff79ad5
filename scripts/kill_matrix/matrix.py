"""The part of a matrix that one command does."""

import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from fnmatch import fnmatchcase

from scripts.kill_matrix.plan import EXAMPLES, OPERATIONS, TARGETS, Kill, kills
from scripts.kill_matrix.results import Results


class Matrix:
    """The selected kills that the results do not have as completed; `tests/e2e/kill_matrix.py` does them.

    Of each run, up to `each` kills are done; none begins after `deadline`, a time of the monotonic clock.
    """

    def __init__(self, results: Results, patterns: list[str], each: int, deadline: float) -> None:
        self.completed = self.failed = 0
        self._results = results
        self._patterns = patterns
        self._each = each
        self._deadline = deadline
        self._tried = set[Kill | str]()

    def turns(self) -> Iterator[tuple[str, int]]:
        """Examples of which kills are left, each once a turn; again after a failure, which cuts off the turn."""
        runs = {one: [Kill(one, each, target, 0) for each in OPERATIONS for target in TARGETS] for one in EXAMPLES}
        examples = [one for one in EXAMPLES if any(map(self._is_selected, runs[one]))]
        turn = 0
        while any(turn < self._length(one) for one in examples):
            for example in examples:
                while turn < self._length(example) and self._is_left(example, turn):
                    yield example, turn
            turn += 1

    def is_counted(self, example: str) -> bool:
        return all((example, operation) in self._results.writes for operation in OPERATIONS)

    def count(self, example: str, operation: str, writes: int) -> None:
        self._add(example=example, operation=operation, writes=writes)
        _print(f"{example} {operation}: {writes} writes")

    def kills(self, example: str, turn: int) -> Iterator[Kill]:
        """What is left of one turn, each noted as tried."""
        for kill in self._left(example, turn):
            if time.monotonic() > self._deadline:
                return
            self._tried.add(kill)
            yield kill

    def add(self, kill: Kill, seconds: float, after: str, error: str = "") -> None:
        """Notes the outcome of a kill, after the write `after`."""
        writes = self._results.writes[kill.example, kill.operation]
        fields = {"example": kill.example, "operation": kill.operation, "target": kill.target, "write": kill.write}
        more = {"after": after, "seconds": round(seconds, 1), **({"error": error} if error else {})}
        self._add(**fields, writes=writes, completed=not error, **more)
        self.completed += not error
        self.failed += bool(error)
        outcome = f"failed\n{error}" if error else "completed"
        _print(f"{kill.run} {kill.write} of {writes}, {after}, {seconds:.1f} s: {outcome}")

    def give_up(self, example: str, error: str) -> None:
        """Notes that the writes of an example could not be counted."""
        self._tried.add(example)
        self.failed += 1
        _print(f"{example}: failed\n{error}")

    def _add(self, **line: object) -> None:
        self._results.add(day=datetime.now(UTC).date().isoformat(), **line)

    def _is_selected(self, kill: Kill) -> bool:
        return any(fnmatchcase(kill.run, pattern) for pattern in self._patterns)

    def _length(self, example: str) -> int:
        """How many turns the example has: one for each target and write of its longest run; at first to count them."""
        longest = max((writes for (one, _), writes in self._results.writes.items() if one == example), default=1)
        return len(TARGETS) * min(longest, self._each)

    def _left(self, example: str, turn: int) -> list[Kill]:
        done = self._results.outcomes
        planned = kills(example, self._results.writes, turn)
        return [one for one in planned if self._is_selected(one) and not done.get(one) and one not in self._tried]

    def _is_left(self, example: str, turn: int) -> bool:
        if time.monotonic() > self._deadline or example in self._tried:
            return False
        return not self.is_counted(example) or bool(self._left(example, turn))


def _print(text: str) -> None:
    print(f"{datetime.now(UTC):%H:%M:%S} {text}", file=sys.stderr, flush=True)
