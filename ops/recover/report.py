"""The report of `recover`: what is left over, what cannot be told, and what was done."""

import json
import sys
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ops.recover.cloudflare_kinds import TUNNEL
from ops.recover.live_resources import LiveResource
from ops.recover.orphans import OrphanedResource, describe
from ops.recover.state import Resource, urn_name
from ops.recover.state_entries import loses_secret
from ops.recover.survey import Survey
from settings.plain_text import escaped, screen, shortened

_ROWS = 30
"""Leftovers that are listed for people."""
_SHOWN = 20
"""Objects of others that are named in one list."""


@dataclass
class Report:
    stack: str
    surveyed: Survey
    left: list[OrphanedResource]
    missing: list[Resource] = field(default_factory=list)
    """Resources of the state that no longer exist."""
    shared: dict[str, list[str]] = field(default_factory=dict)
    """Namespaces among the leftovers with objects of others, and these objects."""
    done: list[OrphanedResource] = field(default_factory=list)
    """Leftovers that were adopted or deleted."""
    refusals: list[str] = field(default_factory=list)
    """Why others were not deleted."""

    @property
    def remaining(self) -> list[OrphanedResource]:
        return [orphan for orphan in self.left if orphan not in self.done]

    def show(self, operations: list[dict[str, Any]]) -> None:
        """Prints what was found, with the pending operations of the state."""
        surveyed = self.surveyed
        if operations:
            print(f"a run on stack {self.stack!r} was interrupted during:")
            for operation in operations:
                print(f"  {urn_name(operation['resource']['urn'])}: {operation['type']}")
        if self.left:
            table = Table(box=None, pad_edge=False)
            for heading in ("left over", "name", "resource"):
                table.add_column(heading)
            for orphan in self.left[:_ROWS]:
                row = orphan.as_json()
                texts = (row["kind"], row["name"], row["resource"] or "none: it can only be deleted")
                table.add_row(*(Text(shortened(escaped(text), 200)) for text in texts))
            if len(self.left) > _ROWS:
                table.add_row("", f"... and {len(self.left) - _ROWS} more: --json lists all")
            Console(width=None if sys.stdout.isatty() else 200).print(table)
        elif not (operations or self.missing or surveyed.unclear or surveyed.unread):
            print(f"nothing of stack {self.stack!r} is left over")
        if self.missing:
            print("the state has resources that no longer exist:")
            for resource in self.missing:
                print(f"  {urn_name(resource['urn'])}")
        for namespace, objects in self.shared.items():
            print(f"the namespace {namespace} also has objects of others, which would be deleted with it:")
            more = [f"and {len(objects) - _SHOWN} more"] if len(objects) > _SHOWN else []
            for line in [*objects[:_SHOWN], *more]:
                print(f"  {line}")

    def finish(self, as_json: bool, action: str | None, next_step: str) -> None:
        """Prints what was done (`action` is `adopted` or `removed`), what remains unknown, and what to do next."""
        surveyed = self.surveyed
        if as_json:
            leftovers, done = ([orphan.as_json() for orphan in some] for some in (self.remaining, self.done))
            printed = {"stack": self.stack, "leftovers": leftovers, "unread": surveyed.unread}
            printed |= {"missing": [urn_name(resource["urn"]) for resource in self.missing]}
            printed |= {
                "next": next_step,
                "unclear": [describe(one) for one in surveyed.unclear],
                "shared": self.shared,
            }
            print(json.dumps(printed | ({action: done, "refusals": self.refusals} if action else {})))
            return
        if action and (self.done or not self.left):
            print(f"{len(self.done)} {'added to the state' if action == 'adopted' else 'deleted'}", end="")
            print(f", {len(self.remaining)} left")
        if hints := [*self._hints(action), *self.refusals]:
            print(screen("\n".join(hints)), file=sys.stderr)
        print(f"next: {next_step}")

    def _hints(self, action: str | None) -> list[str]:
        """What the operator must know about what was done, and what is not known."""
        hints = [f"unknown: {reason}" for reason in self.surveyed.unread]
        hints += [
            f"unknown: the {one.noun} {one.name} ({one.id}) may be another stack's, whose project and stack make the "
            f"same name; it is left alone. If it is this stack's, {_remedy(one)}"
            for one in self.surveyed.unclear
        ]
        if self.missing:
            hints.append("--adopt removes from the state what no longer exists; then repeat the update or the destroy")
        if action == "adopted":
            hints += [
                f"{orphan.live.name}: its secret was lost, so the next update replaces it; programs need the new one"
                for orphan in self.done
                if loses_secret(orphan.live)
            ]
            hints += [
                f"{orphan.live.noun} {orphan.live.name} is left over: the program does not create it; --remove deletes "
                "all that is left over"
                for orphan in self.remaining
            ]
        if action == "removed" and any(one.live.name in self.shared for one in self.remaining):
            hints.append("a namespace with objects of others is kept; --delete-shared-namespace deletes it with them")
        return hints


def _remedy(one: LiveResource) -> str:
    if one.kind is TUNNEL:
        return f"set culvert:tunnel: {{adopt: {one.id}}} and repeat the update"
    return "delete it and repeat the update"
