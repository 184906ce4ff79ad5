"""What one check found."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    UNKNOWN = "unknown"
    """It could not be asked. Not the same as good."""
    SKIPPED = "skipped"
    """There is nothing to ask here, and the finding says why."""


class Unread(Exception):
    """Something could not be asked: why, and what to do about it."""

    def __init__(self, why: str, remedy: str = "") -> None:
        super().__init__(why)
        self.why = why
        self.remedy = remedy


@dataclass(frozen=True)
class Finding:
    """One check's verdict on one thing. The last three are empty unless it failed; `remedy` also where it is unknown."""

    place: str
    check: str
    about: str
    status: Status
    seen: str
    visitor: str = ""
    cause: str = ""
    remedy: str = ""


@dataclass(frozen=True)
class Check:
    """One question, by where it is asked (`api`, `cluster`, `inside`, `internet`) and by name."""

    place: str
    name: str

    def passed(self, about: str, seen: str) -> Finding:
        return Finding(self.place, self.name, about, Status.PASSED, seen)

    def failed(self, about: str, seen: str, *, visitor: str, cause: str, remedy: str) -> Finding:
        return Finding(self.place, self.name, about, Status.FAILED, seen, visitor, cause, remedy)

    def unknown(self, about: str, seen: str, remedy: str = "") -> Finding:
        return Finding(self.place, self.name, about, Status.UNKNOWN, seen, remedy=remedy)

    def skipped(self, about: str, seen: str) -> Finding:
        return Finding(self.place, self.name, about, Status.SKIPPED, seen)

    def unread(self, about: str, why: Unread) -> Finding:
        return self.unknown(about, why.why, why.remedy)


def exit_status(findings: Iterable[Finding]) -> int:
    """0 where everything asked is good, 1 where a check failed, 2 where none failed and some could not be asked."""
    found = {finding.status for finding in findings}
    if Status.FAILED in found:
        return 1
    # Nothing asked at all is nothing verified.
    return 0 if Status.PASSED in found and Status.UNKNOWN not in found else 2


def attempt(check: Check, about: str, judge: Callable[[], list[Finding]]) -> list[Finding]:
    """What `judge` reads and finds; where it cannot read, that."""
    try:
        return judge()
    except Unread as why:
        return [check.unread(about, why)]
