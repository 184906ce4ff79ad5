"""The command `recover`: shows a stack's orphaned resources, and adopts or deletes them."""

import json
import os
import sys
from pathlib import Path
from typing import Any

import typer
from pulumi import automation
from rich.console import Console
from rich.table import Table

from ops.errors import OperatorError
from ops.expected_stack import ExpectedStack, load
from ops.project import project_name
from ops.recover import preview
from ops.recover.actions import adopt, delete
from ops.recover.live_resources import RULESET, LiveResources
from ops.recover.orphans import OrphanedResource, named_after, orphans
from ops.recover.pending_operations import completed_creations
from ops.recover.state import Resource, export_state, pending_operations, urn_name
from ops.recover.workspace import select_stack


def recover(stack: str | None, config: Path | None, *, adopting: bool, removing: bool, yes: bool, as_json: bool) -> int:
    """Runs the command. Returns 0 if nothing is left over, 1 if something is."""
    if adopting and removing:
        raise OperatorError("--adopt and --remove cannot be used together")
    expected = load(stack, config)
    if removing and expected.settings.tunnel.protect:
        message = "the tunnel is protected, so nothing is deleted: set culvert:tunnel: {protect: false} first"
        raise OperatorError(message)
    try:
        return _recover(expected, config, adopting=adopting, removing=removing, yes=yes, as_json=as_json)
    except automation.StackNotFoundError:
        raise OperatorError("the backend has no such stack: pulumi stack ls lists them") from None
    except automation.CommandError as error:
        raise OperatorError(explain(error)) from None
    except typer.Abort:
        raise OperatorError("nothing was done") from None


def explain(error: automation.CommandError) -> str:
    """One line on a `pulumi` command that failed, from its standard error."""
    text = str(error)
    reason = " ".join((text.partition("stderr:")[2] or text).split()).removeprefix("error: ")
    hint = ""
    if "failed to load checkpoint" in reason:
        hint = "; the state file is incomplete, and docs/recover.md says how to repair it"
    elif "lock" in reason:
        hint = "; if no other run is in progress: pulumi cancel"
    return f"the engine refused: {reason}{hint}"


def _recover(
    expected: ExpectedStack, config: Path | None, *, adopting: bool, removing: bool, yes: bool, as_json: bool
) -> int:
    with select_stack(expected.stack, config) as stack:
        state, live = export_state(stack), LiveResources(os.environ)
        created = completed_creations(state, live)
        found = named_after(expected, project_name(), state, live)
        planned: list[Resource] = []
        # A preview is needed only for resources that no pending operation describes.
        if any(orphan.entry is None for orphan in orphans(found, created, [], state)):
            planned = _planned(stack)
        left = orphans(found, created, planned, state)
        done: list[OrphanedResource] = []
        if left or pending_operations(state):
            if not as_json:
                _show(expected.stack, left, state)
            if adopting and _confirm(yes, "Add them to the state?"):
                done = [orphan for orphan in left if orphan.entry]
                adopt(stack, state, done, planned, live)
            elif removing and _confirm(yes, "Delete them?"):
                # Others may have rules in a ruleset: only the program can remove its own from it.
                done = [orphan for orphan in left if orphan.live.type != RULESET]
                delete(stack, state, done, live)
        elif not as_json:
            print(f"nothing of stack {expected.stack!r} is left over")
    remaining = [orphan for orphan in left if orphan not in done]
    if as_json:
        key = "adopted" if adopting else "removed"
        leftovers, handled = ([orphan.as_json() for orphan in some] for some in (remaining, done))
        print(json.dumps({"stack": expected.stack, "leftovers": leftovers, key: handled}))
    elif done or ((adopting or removing) and not left):
        print(f"{len(done)} {'added to the state' if adopting else 'deleted'}, {len(remaining)} left")
    return 1 if remaining or (pending_operations(state) and not (adopting or removing)) else 0


def _planned(stack: automation.Stack) -> list[Resource]:
    try:
        return preview.planned_creations(stack)
    except automation.CommandError as error:
        print(f"the program cannot be previewed, so these resources cannot be adopted:\n{error}", file=sys.stderr)
        return []


def _confirm(yes: bool, question: str) -> bool:
    return yes or typer.confirm(question, err=True)


def _show(stack: str, left: list[OrphanedResource], state: dict[str, Any]) -> None:
    operations = pending_operations(state)
    if operations:
        print(f"a run on stack {stack!r} was interrupted during:")
        for operation in operations:
            print(f"  {urn_name(operation['resource']['urn'])}: {operation['type']}")
    if left:
        table = Table(box=None, pad_edge=False)
        for heading in ("left over", "name", "resource"):
            table.add_column(heading)
        for orphan in left:
            row = orphan.as_json()
            table.add_row(row["kind"], row["name"], row["resource"] or "none: it can only be deleted")
        Console(width=None if sys.stdout.isatty() else 200).print(table)
