"""What the engine noted before it asked for it. Killed in between, it leaves the note, and nobody knows whether it was done."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from pulumi import automation

from ops.recover.state import Resource, add, export, keep, last, pending, resources

if TYPE_CHECKING:
    # What looks around out there takes a second to import, and a state without notes needs none of it.
    from ops.recover.live_resources import Outside, Thing

Found = list[tuple[Resource, "Thing"]]
"""Resources as they were noted, each with what it was made into."""


def heal(stack: automation.Stack, environ: Mapping[str, str], say: Callable[[str], None]) -> None:
    """Clears a state of its notes: creations that are found out there are taken in, the others made again by the next update.

    `environ` says how to reach the API and the cluster. The engine's own way, `refresh --import-pending-creates`, marks such
    a creation as an import and then forgets it.
    """
    state = export(stack)
    if not pending(state):
        return
    from ops.recover.live_resources import Outside
    from ops.recover.state_entries import as_taken

    say("an earlier run was cut off; looking for what it was making")
    outside = Outside(environ)
    found = creations(state, outside)
    taken = {resource["urn"] for resource, _ in found}
    for note in pending(state):
        if note["type"] == "creating":
            urn = note["resource"]["urn"]
            say(f"  {last(urn)}: {'found, taken into the state' if urn in taken else 'to be made again'}")
    cleared(state, outside)
    add(state, (as_taken(resource, thing) for resource, thing in found))
    keep(stack, state)
    # Updates and deletions that were cut off may or may not have happened: reading everything again tells.
    stack.refresh(show_secrets=False)


def creations(state: dict[str, Any], outside: "Outside") -> Found:
    """The creations that were noted and happened, and that the state does not hold for another reason."""
    held = {(resource["type"], resource.get("id")) for resource in resources(state)}
    found: Found = []
    for note in pending(state):
        resource = note["resource"]
        thing = outside.look_up(resource["type"], resource.get("inputs") or {}) if note["type"] == "creating" else None
        if thing and (thing.type, thing.id) not in held:
            found.append((resource, thing))
    return found


def cleared(state: dict[str, Any], outside: "Outside") -> None:
    """Takes the notes out of the state, and what was noted as to be deleted where it is."""
    notes = pending(state)
    state["deployment"].pop("pending_operations", None)
    gone = {note["resource"]["urn"] for note in notes if note["type"] == "deleting" and outside.gone(note["resource"])}
    # Something that others still name stays for the engine, which knows what depends on what.
    kept = [resource for resource in resources(state) if resource["urn"] not in gone]
    named = {urn for resource in kept for urn in [resource.get("parent"), *(resource.get("dependencies") or [])]}
    state["deployment"]["resources"] = [
        resource for resource in resources(state) if resource["urn"] not in gone or resource["urn"] in named
    ]
