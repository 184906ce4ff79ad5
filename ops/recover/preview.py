"""Planned resources: what the next update would create, from a preview of the program."""

import runpy
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from pulumi import automation
from pulumi.automation.events import EngineEvent, StepEventStateMetadata

from clients.pulumi_values import UNKNOWN
from ops.errors import OperatorError
from ops.project import PROJECT
from ops.recover.state import Resource


def program() -> None:
    """Runs `__main__.py` as `pulumi up` does: from the project's folder, which its imports are relative to."""
    if str(PROJECT) not in sys.path:
        sys.path.insert(0, str(PROJECT))
    runpy.run_path(str(PROJECT / "__main__.py"), run_name="__main__")


def planned_creations(stack: automation.Stack) -> list[Resource]:
    """All resources that the next update would create, replace or import, in that order, as state entries without id
    and outputs.

    Components, the stack itself and the providers are among them. Unknown values are `UNKNOWN`, and secrets are
    hidden. Raises `automation.CommandError` if the program cannot be previewed, OperatorError if the engine reports the
    preview in another form than documented.
    """
    planned: dict[str, Resource] = {}

    def record(event: EngineEvent) -> None:
        step = event.resource_pre_event.metadata if event.resource_pre_event else None
        if step and step.op.value in ("create", "create-replacement", "import") and step.new:
            planned[step.urn] = _entry(step.new)
            if step.op.value == "import":
                # Otherwise the next update would import it once more.
                planned[step.urn]["importID"] = step.new.id

    with _events():
        stack.preview(on_event=record)
    # A reference to a provider contains its id, which a provider that is yet to be created does not have.
    ids = {urn: str(uuid4()) for urn, entry in planned.items() if entry["type"].startswith("pulumi:providers:")}
    for urn, provider_id in ids.items():
        planned[urn] |= {"id": provider_id, "outputs": planned[urn]["inputs"]}
    for entry in planned.values():
        provider, _, provider_id = entry.get("provider", "").rpartition("::")
        if provider_id == UNKNOWN:
            entry["provider"] = f"{provider}::{ids[provider]}"
    return list(planned.values())


@contextmanager
def _events() -> Iterator[None]:
    """Around a run whose events are read: in a thread of the SDK, whose errors would only be printed."""
    errors: list[str] = []
    hook = threading.excepthook
    threading.excepthook = lambda failed: errors.append(failed.exc_type.__name__)
    try:
        yield
    except RuntimeError as error:  # the SDK's own, of events that are missing
        errors.append(str(error))
    finally:
        threading.excepthook = hook
    if errors:
        raise OperatorError(f"the engine's events have another shape than documented ({errors[0]})")


def _entry(step: StepEventStateMetadata) -> Resource:
    entry: dict[str, Any] = {"urn": step.urn, "custom": bool(step.custom), "type": step.type, "parent": step.parent}
    entry |= {"provider": step.provider, "protect": step.protect, "retainOnDelete": step.retain_on_delete}
    return {key: value for key, value in entry.items() if value or key == "custom"} | {
        "inputs": dict(step.inputs or {})
    }
