"""Reports of check results: a table for people, JSON for programs."""

from collections import Counter
from io import StringIO
from itertools import groupby
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from ops.verify.causes import causes, name_of
from ops.verify.result import CheckResult, Status, exit_status
from settings.plain_text import MAX_LINES, escaped, shortened

_WIDTH = 200
"""Columns of the terminal for which a report is a screen."""
_SYMBOLS = {
    Status.PASSED: ("✓", "green"),
    Status.FAILED: ("✗", "bold red"),
    Status.UNKNOWN: ("?", "yellow"),
    Status.SKIPPED: ("-", "dim"),
}
LAYERS = {
    "state": "state",
    "file": "stack file",
    "api": "Cloudflare's API",
    "cluster": "cluster",
    "inside": "inside a pod",
    "internet": "internet",
}


def as_json(stack: str, results: list[CheckResult]) -> dict[str, Any]:
    """`{stack, status, summary, checks}`: the exit status, a count per status, and each result's fields."""
    counts = Counter(result.status for result in results)
    return {
        "stack": stack,
        "status": exit_status(results),
        "summary": {status.value: counts[status] for status in Status},
        "checks": [{**vars(result), "status": result.status.value} for result in results],
    }


def as_table(results: list[CheckResult]) -> RenderableType:
    """One line for each check and status, then the details of each cause of failures and of each unknown check."""
    table = Table(box=None, pad_edge=False, show_header=False)
    previous = ""
    for (layer, check, status), group in groupby(results, key=lambda one: (one.layer, one.check, one.status)):
        same = list(group)
        symbol, style = _SYMBOLS[status]
        heading = LAYERS[layer] if layer != previous else ""
        subject = same[0].subject if len(same) == 1 else f"{len(same)} checks"
        # Of what is detailed below, one line is enough.
        length = 110 if status in (Status.FAILED, Status.UNKNOWN) else 300
        observed = Text(_line(_observed(same), length))
        table.add_row(Text(heading), Text(symbol, style), Text(check), Text(_line(subject)), observed)
        previous = layer
    counts = Counter(result.status for result in results)
    summary = ", ".join(f"{counts[status]} {status.value}" for status in Status if counts[status])
    detailed = [*causes(results), *(one for one in results if one.status is Status.UNKNOWN)]
    details: list[Text] = []
    # What is observed may take several lines of a row.
    height = len(Console(file=StringIO(), width=_WIDTH).render_lines(table))
    room, shown = MAX_LINES - height - 4, 0
    # What several checks, pods or hostnames have in common, with one remedy, is shown once.
    for _, group in groupby(detailed, key=lambda one: (one.status, one.observed, one.remedy, one.commands)):
        same = list(group)
        names = {name_of(one) for one in same}
        details.append(_details(same, [each for each in results if each.follows_from in names]))
        room -= len(details[-1].plain.splitlines()) + 1
        shown += len(same)
        if room < 0 and shown < len(detailed):
            details[-1] = Text(f"\n... and {len(detailed) - shown + len(same)} more: --json lists all")
            break
    return Group(table, *details, Text(f"\n{summary}"))


def _line(text: str, length: int = 600) -> str:
    """A text of which parts may be from a reply, as one line for a terminal."""
    return shortened(escaped(text.replace("\n", " ")), length)


def _observed(results: list[CheckResult]) -> str:
    """What all of them observed, if it is the same; otherwise their subjects."""
    if len({one.observed for one in results}) == 1:
        return results[0].observed
    subjects = ", ".join(one.subject for one in results[:3])
    return f"{subjects}, …" if len(results) > 3 else subjects


def _details(same: list[CheckResult], following: list[CheckResult]) -> Text:
    result = same[0]
    symbol, style = _SYMBOLS[result.status]
    checks = ", ".join(dict.fromkeys(one.check for one in same))
    subjects = ", ".join(dict.fromkeys(one.subject for one in same))
    lines = Text(f"\n{symbol} {checks}: {_line(subjects)}\n", style)
    for label, text in {
        "observed": result.observed,
        "impact": result.impact,
        "likely cause": result.cause,
        "remedy": result.remedy,
    }.items():
        if text:
            lines.append(f"  {label}: ", "bold not dim default").append(f"{_line(text)}\n", "not bold default")
    # At the beginning of its line, to copy it.
    for command in result.commands:
        lines.append(f"    {_line(command)}\n", "bold not dim default")
    if following:
        lines.append("  follows from it: ", "bold not dim default")
        lines.append(f"{_line(', '.join(map(name_of, following)))}\n", "not bold default")
    lines.rstrip()
    return lines
