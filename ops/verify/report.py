"""Findings, for people and for programs."""

from collections import Counter
from itertools import groupby
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ops.verify.result import Finding, Status, exit_status

_LOOK = {
    Status.PASSED: ("✓", "green"),
    Status.FAILED: ("✗", "bold red"),
    Status.UNKNOWN: ("?", "yellow"),
    Status.SKIPPED: ("-", "dim"),
}
PLACES = {"api": "Cloudflare's API", "cluster": "cluster", "inside": "inside a pod", "internet": "internet"}


def as_json(stack: str, findings: list[Finding]) -> dict[str, Any]:
    """`{stack, status, summary: {status: count}, checks: [{place, check, about, status, seen, visitor, cause, remedy}]}`."""
    counts = Counter(finding.status for finding in findings)
    return {
        "stack": stack,
        "status": exit_status(findings),
        "summary": {status.value: counts[status] for status in Status},
        "checks": [{**vars(finding), "status": finding.status.value} for finding in findings],
    }


def shown(findings: list[Finding]) -> RenderableType:
    """A line for each check and verdict, then every trouble in words."""
    table = Table(box=None, pad_edge=False, show_header=False)
    place = ""
    for (where, check, status), same in groupby(findings, key=lambda each: (each.place, each.check, each.status)):
        some = list(same)
        sign, style = _LOOK[status]
        heading = PLACES[where] if where != place else ""
        about = some[0].about if len(some) == 1 else f"{len(some)} of them"
        table.add_row(Text(heading), Text(sign, style), Text(check), Text(about), Text(_seen(some)))
        place = where
    counts = Counter(finding.status for finding in findings)
    summary = ", ".join(f"{counts[status]} {status.value}" for status in Status if counts[status])
    return Group(
        table,
        *(_trouble(each) for each in findings if each.status in (Status.FAILED, Status.UNKNOWN)),
        Text(f"\n{summary}"),
    )


def _seen(findings: list[Finding]) -> str:
    """What was seen, where it is one thing; else of which things it is said."""
    if len({each.seen for each in findings}) == 1:
        return findings[0].seen
    names = ", ".join(each.about for each in findings[:3])
    return f"{names}, …" if len(findings) > 3 else names


def _trouble(finding: Finding) -> Text:
    sign, style = _LOOK[finding.status]
    lines = Text(f"\n{sign} {finding.check}: {finding.about}\n", style)
    for what, said in {
        "seen": finding.seen,
        "a visitor sees": finding.visitor,
        "likely cause": finding.cause,
        "what to do": finding.remedy,
    }.items():
        if said:
            lines.append(f"  {what}: ", "bold not dim default").append(f"{said}\n", "not bold default")
    lines.rstrip()
    return lines
