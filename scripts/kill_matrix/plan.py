"""The kills of a matrix: which runs are killed after which of their writes, and in which order."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
SHARED = "waf-shared"
"""The example of WAF rules, in a zone where others have a rule."""
_FILES = {path.name.split(".")[1]: path for path in sorted((PROJECT / "examples" / "stacks").glob("Pulumi.*.yaml"))}
EXAMPLES = {**_FILES, SHARED: _FILES["waf"]}
OPERATIONS = ("up", "change", "rotate", "rename", "destroy", "destroy --run-program")
COMMAND, ENGINE, PROVIDERS, ALL = TARGETS = ("command", "engine", "providers", "all at once")
"""What is killed. The command runs the program, and starts the engine."""
_GOLDEN = (5**0.5 - 1) / 2
Writes = Mapping[tuple[str, str], int]
"""How many writes a run has, by example and operation."""


@dataclass(frozen=True)
class Kill:
    """One operation of an example, whose target is killed after a number of writes."""

    example: str
    operation: str
    target: str
    write: int

    @property
    def run(self) -> str:
        """`waf-up-engine`, `pods-destroy-run-program-all-at-once`: of several kills, the same."""
        return f"{self.example}-{self.operation}-{self.target}".replace(" --", "-").replace(" ", "-")

    @property
    def is_completed_by_destroy(self) -> bool:
        """A destroy that was cut off is completed, and by turns taken back."""
        return self.operation.startswith("destroy") and (self.write + TARGETS.index(self.target)) % 2 == 0


def kills(example: str, writes: Writes, turn: int) -> Iterator[Kill]:
    """The kills of an example in one turn, in the order of `chained`: one of each operation, each of another target.

    As many turns as there are targets kill each run once, and so many more kill it after another write. The first ones
    are spread evenly, and differ between examples and targets.
    """
    first = [*EXAMPLES].index(example)
    listed = list[Kill]()
    for offset, operation in enumerate(OPERATIONS, first):
        number, index = turn // len(TARGETS), (turn + offset) % len(TARGETS)
        if number < (count := writes[example, operation]):
            write = _after(count, number, len(TARGETS) * offset + index)
            listed.append(Kill(example, operation, TARGETS[index], write))
    return chained(listed)


def _after(writes: int, number: int, offset: int) -> int:
    # Multiples of the golden ratio leave the smallest gaps between them, after however many.
    place = sorted(range(writes), key=lambda each: each * _GOLDEN % 1).index(number)
    return (place + offset * writes // len(TARGETS) + offset // len(TARGETS)) % writes + 1


def chained(kills: Iterable[Kill]) -> Iterator[Kill]:
    """Kills of one example, most of which begin as the one before ends: without a stack, or with one.

    What remains is created or destroyed in between, which takes one run of the engine more.
    """
    listed = list(kills)
    creating = [kill for kill in listed if kill.operation == "up"]
    ending = [kill for kill in listed if kill.is_completed_by_destroy]
    keeping = [kill for kill in listed if kill not in creating and kill not in ending]
    rounds = max(len(creating), len(ending), 1)
    for number in range(rounds):
        yield from (*creating[number : number + 1], *keeping[number::rounds], *ending[number : number + 1])
