"""Mutated inputs one after another, each with the outcome of reading it."""

import re
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random

import yaml

from clients.errors import CheckUnavailable
from scripts.fuzz.mutations import mutated_text, mutated_value
from scripts.fuzz.readers import FILE_READERS, Replies
from settings.plain_text import screen
from settings.yaml_nodes import YamlError, documents

PROJECT = Path(__file__).resolve().parents[2]
FIXTURES = PROJECT / "tests" / "fixtures"
MAX_SECONDS = 5.0
MAX_LINES = 44
"""A screen, with a few lines of headings."""
_ACTING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]")


@dataclass(frozen=True)
class Outcome:
    """What reading an input came to. `fault` is empty where it is as it should be."""

    reader: str
    number: int
    inputs: int
    seconds: float
    printed: str
    fault: str

    @property
    def kind(self) -> str:
        """Faults of one kind have one cause."""
        return f"{self.reader} {re.sub('[0-9.]+ (s|lines)', '', self.fault)}"


def fuzz_files(fixtures: Path, folder: Path, seed: str, files: int, only: int | None = None) -> Iterator[Outcome]:
    """Mutations of the corpus, each read by one of the readers of files in turn."""
    corpus = [*sorted((PROJECT / "examples" / "stacks").glob("*.yaml")), *sorted((fixtures / "fuzz").glob("*.yaml"))]
    migrated = sorted((fixtures / "migrate" / "samples").iterdir())
    path = folder / "Pulumi.dev.yaml"
    for number in range(files) if only is None else [only]:
        random, read = Random(f"{seed}/{number}"), FILE_READERS[number % len(FILE_READERS)]
        text = random.choice(migrated if read.__name__ == "migrate" else corpus).read_text(encoding="utf-8")
        path.write_bytes(_mutated(text, random))
        yield outcome_of(read.__name__, number, lambda read=read: read(path), lambda: 1)


def _mutated(text: str, random: Random) -> bytes:
    """A mutation of the text, or of its values where it has any."""
    with suppress(YamlError):
        if random.random() < 0.5:
            values = [mutated_value(value, random) for value in documents(text.encode())]
            return yaml.safe_dump_all(values, allow_unicode=True).encode("utf-8", "surrogatepass")
    return mutated_text(text, random)


def fuzz_replies(
    fixtures: Path, seed: str, replies: int, only: int | None = None, reader: str | None = None
) -> Iterator[Outcome]:
    """Runs of verify, preflight, recover and migrate in turn, until as many replies have been sent. `reader` is the
    only one of them."""
    sent, number = 0, only or 0
    while sent < replies:
        api = Replies(fixtures / "fuzz", Random(f"{seed}/{number}"))
        reads = (api.verify, api.preflight, api.recover, api.migrate, api.migrate_account, api.recover_engine)
        read = getattr(api, reader) if reader else reads[number % len(reads)]
        outcome = outcome_of(read.__name__, number, read, lambda api=api: api.count)
        yield outcome
        if only is not None:
            return
        sent, number = sent + max(api.count, 1), number + 1


def outcome_of(reader: str, number: int, run: Callable[[], str], inputs: Callable[[], int]) -> Outcome:
    """What one run comes to; `inputs` counts what it has read."""
    began, fault = time.process_time(), ""
    try:
        printed = run()
    except CheckUnavailable as error:
        # The command line prints these as one line.
        printed = screen(str(error))
    except Exception as error:
        frame = traceback.extract_tb(error.__traceback__)[-1]
        printed, fault = traceback.format_exc(), f"{type(error).__name__} at {frame.filename}:{frame.lineno}"
    seconds = time.process_time() - began
    if "Traceback (most recent call last)" in printed:
        fault = fault or f"a traceback: {printed.strip().splitlines()[-1][:200]}"
    if unforeseen := re.search(r"a fault of culvert: [^.]*\.py:\d+", printed):
        fault = fault or unforeseen[0]
    elif not fault and seconds > MAX_SECONDS:
        fault = f"{seconds:.1f} s"
    elif not fault and len(printed.splitlines()) > MAX_LINES:
        fault = f"{len(printed.splitlines())} lines"
    elif not fault and (acting := _ACTING.search(printed)):
        fault = f"the character {acting[0]!r}"
    return Outcome(reader, number, inputs(), seconds, printed, fault)
