"""Results of checks: a status, what was observed, and for a failure its impact, cause and remedy."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from clients.errors import CheckUnavailable
from clients.reply_shape import documented_shape
from ops.verify.faults import Fault


class Status(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    UNKNOWN = "unknown"
    """The check could not run. This is not a pass."""
    SKIPPED = "skipped"
    """The check does not apply; `observed` says why."""


@dataclass(frozen=True)
class CheckResult:
    """The result of one check of one subject."""

    layer: str
    """Where it was observed: `state` (the stack's), `file` (the stack files), `api`, `cluster`, `inside` (a connector's
    pod) or `internet`."""
    check: str
    subject: str
    """What was checked: a hostname, a pod, the tunnel's name."""
    status: Status
    observed: str
    impact: str = ""
    """What visitors of the hostname notice. Like `cause`, empty unless the check failed."""
    cause: str = ""
    remedy: str = ""
    """What to do, in words; empty unless the check failed or is unknown."""
    commands: tuple[str, ...] = ()
    """The commands that do it, complete."""
    fault: str = ""
    """The name of the fault, as the troubleshooting page lists it; empty unless the check failed."""
    follows_from: str = ""
    """The finding that this one is a consequence of, `check: subject`; empty if it is a cause of its own."""


@dataclass(frozen=True)
class Check:
    """A check, by its layer and its name."""

    layer: str
    name: str

    def passed(self, subject: str, observed: str) -> CheckResult:
        return CheckResult(self.layer, self.name, subject, Status.PASSED, observed)

    def failed(self, subject: str, observed: str, *, impact: str, cause: str, remedy: str) -> CheckResult:
        return CheckResult(self.layer, self.name, subject, Status.FAILED, observed, impact, cause, remedy)

    def finds(self, subject: str, observed: str, fault: Fault, *, impact: str = "", **values: str) -> CheckResult:
        """A failure whose cause and remedy are known.

        `impact` replaces the fault's own; `values` fill its texts. Those of the stack follow in `causes.explained`.
        """
        found = fault.filled({"subject": subject, **values})
        return CheckResult(
            self.layer,
            self.name,
            subject,
            Status.FAILED,
            observed,
            impact or found.impact,
            found.cause,
            found.remedy,
            found.commands,
            found.name,
        )

    def unknown(self, subject: str, observed: str, remedy: str = "") -> CheckResult:
        return CheckResult(self.layer, self.name, subject, Status.UNKNOWN, observed, remedy=remedy)

    def skipped(self, subject: str, reason: str) -> CheckResult:
        return CheckResult(self.layer, self.name, subject, Status.SKIPPED, reason)

    def unavailable(self, subject: str, error: CheckUnavailable) -> CheckResult:
        return self.unknown(subject, error.reason, error.remedy)


def exit_status(results: Iterable[CheckResult]) -> int:
    """0 if every check that applies passed, 1 if one failed, 2 if none failed but one could not run or none applies."""
    statuses = {result.status for result in results}
    if Status.FAILED in statuses:
        return 1
    return 0 if Status.PASSED in statuses and Status.UNKNOWN not in statuses else 2


def attempt(check: Check, subject: str, run: Callable[[], list[CheckResult]]) -> list[CheckResult]:
    """The results of `run`; if it cannot read what it judges, `check` is unknown."""
    try:
        with documented_shape():
            return run()
    except CheckUnavailable as error:
        return [check.unavailable(subject, error)]
