"""Which findings are causes, and which follow from another one."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from ops.verify.faults import FAULTS
from ops.verify.faults.fault import FORCING
from ops.verify.public_urls import probed_name
from ops.verify.result import CheckResult, Status

_OF_ORIGINS = ("services", "reachable", "backends")
"""The checks of what a route connects to; the impact of their findings names the hostnames of these routes."""


def explained(results: Sequence[CheckResult], values: Mapping[str, str]) -> list[CheckResult]:
    """The results with complete remedies, and each failure with the one that it follows from.

    `values` are those of the stack that a fault's texts may contain.
    """
    failed = [result for result in results if result.fault]
    completed = [_completed(result, failed, values) if result.fault else result for result in results]
    if any(command.startswith(FORCING) for result in completed for command in result.commands):
        # An update meets what another manager changed, whatever it is run for.
        completed = [replace(each, commands=tuple(map(_forcing, each.commands))) for each in completed]
    return completed


def causes(results: Sequence[CheckResult]) -> list[CheckResult]:
    """The failures that follow from no other."""
    return [result for result in results if result.status is Status.FAILED and not result.follows_from]


def _forcing(command: str) -> str:
    return f"{FORCING}{command}" if command.startswith("pulumi up") else command


def name_of(result: CheckResult) -> str:
    return f"{result.check}: {result.subject}"


def _completed(result: CheckResult, failed: Sequence[CheckResult], values: Mapping[str, str]) -> CheckResult:
    filled = replace(FAULTS[result.fault], cause=result.cause, remedy=result.remedy, commands=result.commands).filled(
        values
    )
    root = _root(result, failed)
    follows_from = "" if root is result else name_of(root)
    return replace(result, remedy=filled.remedy, commands=filled.commands, follows_from=follows_from)


def _root(result: CheckResult, failed: Sequence[CheckResult]) -> CheckResult:
    """The first of the causes that lead to a failure; the failure itself if there is none."""
    seen = [result]
    while cause := next((each for each in failed if each not in seen and _leads_to(each, seen[-1])), None):
        seen.append(cause)
    return seen[-1]


def _leads_to(cause: CheckResult, effect: CheckResult) -> bool:
    if cause.fault not in FAULTS[effect.fault].follows_from:
        return False
    causing, concerned = _hostnames(cause), _hostnames(effect)
    return not causing or not concerned or bool(causing & concerned)


def _hostnames(result: CheckResult) -> set[str]:
    """The hostnames that a finding concerns, as they are probed; none where it concerns the whole tunnel."""
    if hostname := urlsplit(result.subject).hostname:
        return {hostname}
    if result.check == "records":
        return {probed_name(result.subject)}
    words = re.split(r"[\s,]+", result.impact) if result.check in _OF_ORIGINS else []
    return {probed_name(word) for word in words if "." in word}
