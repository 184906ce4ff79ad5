"""What the next update would make: the program, run by the engine as a preview."""

import runpy
import sys
from typing import Any
from uuid import uuid4

from pulumi import automation
from pulumi.automation.events import EngineEvent, StepEventStateMetadata

from clients.pulumi_values import UNKNOWN
from ops.recover.state import Resource
from ops.verify.expected_stack import PROJECT


def program() -> None:
    """Runs `__main__.py` as `pulumi up` would: from the project's folder, which its imports are relative to."""
    if str(PROJECT) not in sys.path:
        sys.path.insert(0, str(PROJECT))
    runpy.run_path(str(PROJECT / "__main__.py"), run_name="__main__")


def creations(stack: automation.Stack) -> list[Resource]:
    """Everything that the next update would make, as entries of a state without id and outputs, in the order of making.

    Components, the stack itself and the providers are among them. What is known only then is `UNKNOWN`, and secrets are
    hidden. Raises `automation.CommandError` where the program cannot be previewed.
    """
    made: dict[str, Resource] = {}

    def note(event: EngineEvent) -> None:
        step = event.resource_pre_event.metadata if event.resource_pre_event else None
        if step and step.op.value == "create" and step.new:
            made[step.urn] = _entry(step.new)

    stack.preview(on_event=note)
    # What refers to a provider that is to be made does so by a number that it will have then.
    numbers = {urn: str(uuid4()) for urn, entry in made.items() if entry["type"].startswith("pulumi:providers:")}
    for urn, number in numbers.items():
        made[urn] |= {"id": number, "outputs": made[urn]["inputs"]}
    for entry in made.values():
        provider, _, number = entry.get("provider", "").rpartition("::")
        if number == UNKNOWN:
            entry["provider"] = f"{provider}::{numbers[provider]}"
    return list(made.values())


def _entry(step: StepEventStateMetadata) -> Resource:
    entry: dict[str, Any] = {"urn": step.urn, "custom": bool(step.custom), "type": step.type, "parent": step.parent}
    return {key: value for key, value in {**entry, "provider": step.provider}.items() if value or key == "custom"} | {
        "inputs": dict(step.inputs or {})
    }
