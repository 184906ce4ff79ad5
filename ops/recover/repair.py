"""Repairs a state after an interrupted run: what was created enters it, and what no longer exists leaves it."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from pulumi import automation

from ops.errors import OperatorError
from ops.expected_stack import ExpectedStack
from ops.recover.actions import adopt
from ops.recover.kinds import KINDS
from ops.recover.live_resources import LiveResources, is_terminating
from ops.recover.object_kinds import ObjectKind
from ops.recover.orphans import orphans
from ops.recover.owner import stack_owner
from ops.recover.pending_operations import completed_creations
from ops.recover.preview import planned_creations
from ops.recover.state import Resource, export_state, resources, urn_name
from ops.recover.state_entries import loses_secret
from ops.recover.survey import survey

Say = Callable[[str], object]
_PAUSE = 0.5
_TIMEOUT = 300
"""Seconds to wait for objects that are being deleted; a namespace ends after its pods' grace periods."""


def repair_state(
    stack: automation.Stack,
    expected: Callable[[], ExpectedStack],
    environ: Mapping[str, str],
    say: Say,
) -> None:
    """Adds to a stack's state what an interrupted run created, and removes its pending operations and what is gone.

    Creations that did not take place are left to the next update. `environ` says how to reach the API and the cluster.
    The engine's own remedy, `refresh --import-pending-creates`, marks such a resource as an import and then forgets it.
    """
    state = export_state(stack)
    say("an earlier run was interrupted; looking for what it created and deleted")
    live, described = LiveResources(environ), expected()
    await_deletions(state, live, say)
    created = completed_creations(state, live)
    surveyed = survey(described, stack_owner(described), state, live)
    # Only stacks of this project use a sandbox, so what has this stack's name is its own.
    found = [*surveyed.found, *surveyed.unclear]
    planned: list[Resource] = []
    # A provider that dies takes its pending operations along: only a preview describes what it was creating.
    if any(orphan.entry is None for orphan in orphans(found, created, [], state)):
        planned = _planned(stack, say)
    left = orphans(found, created, planned, state)
    for orphan in left:
        outcome = "found and added to the state" if orphan.entry else "is left over, and no resource of the program"
        lost = "; its secret was lost, so it is replaced" if orphan.entry and loses_secret(orphan.live) else ""
        say(f"  {urn_name(orphan.entry['urn']) if orphan.entry else orphan.live.name}: {outcome}{lost}")
    adopt(stack, state, [orphan for orphan in left if orphan.entry], planned, live)


def await_deletions(state: dict[str, Any], live: LiveResources, say: Say) -> None:
    """Waits for objects of the state that are being deleted: a refresh would keep them, and an update use them."""
    deadline = time.monotonic() + _TIMEOUT
    for resource in resources(state):
        kind = KINDS.get(resource["type"])
        if not isinstance(kind, ObjectKind):
            continue
        namespace, _, name = resource["id"].rpartition("/")
        said = False
        while (body := live.cluster.find(kind.path(namespace, name))) and is_terminating(body):
            if not said:
                say(f"  {urn_name(resource['urn'])}: waiting for its deletion")
                said = True
            if time.monotonic() > deadline:
                say(f"  {urn_name(resource['urn'])}: still being deleted; its finalizers may wait for something")
                return
            time.sleep(_PAUSE)


def _planned(stack: automation.Stack, say: Say) -> list[Resource]:
    try:
        return planned_creations(stack)
    except (automation.CommandError, OperatorError) as error:
        say(f"  the program cannot be previewed, so what it creates cannot be found: {error}")
        return []
