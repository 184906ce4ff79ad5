"""The command `recover`: shows a stack's orphaned resources, and adopts or deletes them."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer
from pulumi import automation

from clients.reply_shape import documented_shape
from ops.errors import OperatorError
from ops.expected_stack import ExpectedStack, load
from ops.recover import preview
from ops.recover.actions import adopt, delete
from ops.recover.live_resources import LiveResources
from ops.recover.missing import missing
from ops.recover.namespace_contents import foreign_contents, own_objects
from ops.recover.next_step import Commands, next_step
from ops.recover.object_kinds import NAMESPACE
from ops.recover.orphans import OrphanedResource, orphans
from ops.recover.owner import Owner, stack_owner
from ops.recover.pending_operations import completed_creations
from ops.recover.report import Report
from ops.recover.state import Resource, export_state, pending_operations, resources
from ops.recover.survey import survey
from ops.recover.workspace import select_stack
from settings.plain_text import screen

_SHOWN = 20
"""Lines of what the engine printed."""


@dataclass(frozen=True)
class Options:
    """The command's options, as `python -m ops recover --help` lists them."""

    adopting: bool = False
    removing: bool = False
    shared_namespace: bool = False
    yes: bool = False
    as_json: bool = False


def recover(stack: str | None, config: Path | None, options: Options) -> int:
    """Runs the command. Returns 0 if nothing is left over, 1 if something is, 2 if that could not be determined."""
    if options.adopting and options.removing:
        raise OperatorError("--adopt and --remove cannot be used together")
    if options.shared_namespace and not options.removing:
        raise OperatorError("--delete-shared-namespace is an option of --remove")
    expected = load(stack, config)
    if options.removing and expected.settings.tunnel.protect:
        message = "the tunnel is protected, so nothing is deleted: set culvert:tunnel: {protect: false} first"
        raise OperatorError(message)
    look = "look at what the engine prints: pulumi stack export"
    try:
        with documented_shape("the state, or another answer of the engine,", look):
            return _recover(expected, config, options)
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
    return f"the engine refused: {reason or 'it gave no reason'}{hint}"


def _recover(expected: ExpectedStack, config: Path | None, options: Options) -> int:
    owner = stack_owner(expected)
    with select_stack(expected.stack, config) as stack:
        state, live = export_state(stack), LiveResources(os.environ, expected.provider)
        created = completed_creations(state, live)
        surveyed = survey(expected, owner, state, live)
        planned: list[Resource] = []
        # A preview is needed only for resources that no pending operation describes.
        if any(orphan.entry is None for orphan in orphans(surveyed.found, created, [], state)):
            planned = _planned(stack)
        left = orphans(surveyed.found, created, planned, state)
        report = Report(expected.stack, surveyed, left, missing=missing(state, surveyed, live))
        if not options.adopting:
            report.shared = _shared_namespaces(left, owner, state, live)
        if not options.as_json:
            report.show(pending_operations(state))
        if left or pending_operations(state) or report.missing:
            question = "Add them to the state?" if left else "Remove from the state what no longer exists?"
            if options.adopting and _confirm(options.yes, question):
                report.done = [orphan for orphan in left if orphan.entry]
                adopt(stack, state, report.done, planned, live)
                report.missing = []
            elif options.removing and _confirm(options.yes, "Delete them?"):
                kept = [] if options.shared_namespace else list(report.shared)
                deleted = [
                    orphan for orphan in left if orphan.live.kind is not NAMESPACE or orphan.live.name not in kept
                ]
                report.done, report.refusals = delete(stack, state, deleted, live, owner.name)
    action = "adopted" if options.adopting else "removed" if options.removing else None
    interrupted = bool(pending_operations(state)) and action is None
    step = next_step(report, Commands(expected.stack, config), action, interrupted)
    report.finish(options.as_json, action, step)
    return 2 if surveyed.unclear or surveyed.unread else 1 if report.remaining or report.missing or interrupted else 0


def _shared_namespaces(
    left: list[OrphanedResource], owner: Owner, state: dict[str, Any], live: LiveResources
) -> dict[str, list[str]]:
    """Namespaces among the leftovers that have objects of others, with what would be deleted along with them."""
    is_own = own_objects(resources(state), owner.mark)
    namespaces = [orphan.live.name for orphan in left if orphan.live.kind is NAMESPACE]
    contents = {namespace: foreign_contents(live.cluster, namespace, is_own) for namespace in namespaces}
    return {namespace: found.lines() for namespace, found in contents.items() if found}


def _planned(stack: automation.Stack) -> list[Resource]:
    try:
        return preview.planned_creations(stack)
    except (automation.CommandError, OperatorError) as error:
        # The reason is at the end of what the engine printed.
        reason = "\n".join(str(error).splitlines()[-_SHOWN:])
        text = f"the program cannot be previewed, so these resources cannot be adopted:\n{reason}"
        print(screen(text), file=sys.stderr)
        return []


def _confirm(yes: bool, question: str) -> bool:
    return yes or typer.confirm(question, err=True)
