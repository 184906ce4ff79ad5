"""A stack as its stack file declares it."""

from typing import Any

from ops.expected_stack import ExpectedStack
from ops.verify.result import CheckResult, Status
from settings import Settings
from tests.support.settings_examples import values


def stack(*routes: Any, **changes: Any) -> ExpectedStack:
    return ExpectedStack("dev", "culvert-dev", Settings.parse(values(*routes, **changes)))


def by_status(results: list[CheckResult], check: str = "") -> dict[str, str]:
    """The status of each subject, of all checks or of one."""
    return {result.subject: result.status.value for result in results if check in ("", result.check)}


def only(results: list[CheckResult], status: Status) -> CheckResult:
    """The only result with this status."""
    (result,) = [result for result in results if result.status is status]
    return result
