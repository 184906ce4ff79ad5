"""The command line: `python -m ops recover`."""

import json
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml
from pulumi import automation
from rich.console import Console
from rich.table import Table

from ops import command
from ops.recover import preview
from ops.recover.actions import adopt, remove
from ops.recover.live_resources import RULESET, Outside
from ops.recover.orphans import Leftover, leftovers, things
from ops.recover.pending_operations import creations
from ops.recover.state import Resource, export, last, pending
from ops.recover.workspace import opened
from ops.verify.expected_stack import PROJECT, declared

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def recover(
    stack: Annotated[
        str | None, typer.Option(metavar="NAME", help="The stack; else the one that --config names, else dev.")
    ] = None,
    config: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Any stack file; else Pulumi.<stack>.yaml.")
    ] = None,
    adopting: Annotated[
        bool, typer.Option("--adopt", help="Take into the state what the program has a use for.")
    ] = False,
    removing: Annotated[bool, typer.Option("--remove", help="Delete all of it.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    json_: Annotated[bool, typer.Option("--json", help="One JSON value on standard output.")] = False,
) -> int:
    """Finds what a run that was cut off has left, by the stack's name and nothing else's; without an option, only shows it.

    Ends with 0 where nothing is left, 1 where something is, 2 where that could not be found out.
    """
    if adopting and removing:
        raise typer.BadParameter("--adopt and --remove exclude each other")
    wanted = declared(stack, config)
    if removing and wanted.settings.tunnel.protect:
        raise ValueError("the tunnel is protected, so nothing is deleted: set culvert:tunnel: {protect: false} first")
    project = yaml.safe_load((PROJECT / "Pulumi.yaml").read_text())["name"]
    with opened(wanted.stack, config) as hold:
        state = export(hold)
        outside = Outside(os.environ)
        noted = creations(state, outside)
        found = things(wanted, project, state, outside)
        planned: list[Resource] = []
        # Only what the engine did not note takes a look at what the program would make.
        if any(leftover.entry is None for leftover in leftovers(found, noted, [], state)):
            planned = _planned(hold)
        left = leftovers(found, noted, planned, state)
        done: list[Leftover] = []
        if left or pending(state):
            if not json_:
                _show(wanted.stack, left, state)
            if adopting and _agreed(yes, "Take them into the state?"):
                done = [leftover for leftover in left if leftover.entry]
                adopt(hold, state, done, planned, outside)
            elif removing and _agreed(yes, "Delete them?"):
                # A ruleset may hold rules of others: it is for the program to take its own out of it.
                done = [leftover for leftover in left if leftover.thing.type != RULESET]
                remove(hold, state, done, outside)
        elif not json_:
            print(f"nothing of stack {wanted.stack!r} is left over")
    remaining = [leftover for leftover in left if leftover not in done]
    if json_:
        print(json.dumps(_as_json(wanted.stack, left, done, "adopted" if adopting else "removed")))
    elif done or ((adopting or removing) and not left):
        print(f"{len(done)} {'taken into the state' if adopting else 'deleted'}, {len(remaining)} left")
    return 1 if remaining or (pending(state) and not (adopting or removing)) else 0


def _planned(hold: automation.Stack) -> list[Resource]:
    try:
        return preview.creations(hold)
    except automation.CommandError as error:
        print(f"the program cannot be previewed, so what it has a use for is not known:\n{error}", file=sys.stderr)
        return []


def _agreed(yes: bool, question: str) -> bool:
    return yes or typer.confirm(question, err=True)


def _show(stack: str, left: list[Leftover], state: dict[str, Any]) -> None:
    notes = pending(state)
    if notes:
        print(f"a run on stack {stack!r} was cut off while it was at:")
        for note in notes:
            print(f"  {last(note['resource']['urn'])}: {note['type']}")
    if left:
        table = Table(box=None, pad_edge=False)
        for heading in ("left over", "name", "in the state it would be"):
            table.add_column(heading)
        for leftover in left:
            shown = leftover.as_json()
            table.add_row(shown["kind"], shown["name"], shown["resource"] or "nothing: it can only be removed")
        Console(width=None if sys.stdout.isatty() else 200).print(table)


def _as_json(stack: str, left: list[Leftover], done: list[Leftover], word: str) -> dict[str, Any]:
    remaining = [leftover.as_json() for leftover in left if leftover not in done]
    return {"stack": stack, "leftovers": remaining, word: [leftover.as_json() for leftover in done]}


def run() -> None:
    """Runs the command line, to its exit status."""
    command.run(app, _why)


def _why(error: Exception) -> str | None:
    match error:
        case automation.StackNotFoundError():
            return "there is no such stack where the engine keeps its state: pulumi stack ls"
        case automation.CommandError():
            locked = "; if no other run is under way: pulumi cancel" if "lock" in str(error) else ""
            return f"the engine refused: {error}{locked}"
        case typer.Abort():
            return "nothing was done"
    return None
