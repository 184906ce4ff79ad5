"""What a run of the engine did, as its events told it."""

from dataclasses import dataclass, field
from typing import Any

from pulumi.automation.events import DiagnosticEvent, EngineEvent, StepEventMetadata

from sandbox.engine import policy_pack
from sandbox.engine.property_diff import SECRET, Reader, properties

_OPS = {
    "create": "create",
    "update": "update",
    "delete": "delete",
    "replace": "replace",
    "same": "same",
    # Takes over what somebody else made; what changes of it follows as an update.
    "import": "import",
}
"""Engine step → the word of the report. The halves of a replacement (`create-replacement`, `delete-replaced`,
`discard-replaced`) are left out: `replace` stands for both."""


@dataclass(frozen=True)
class Change:
    """One resource that a run changed, or would change.

    `op` is `create`, `import`, `update`, `replace` or `delete`; `type` the type token, `name` the resource's name in the program;
    `properties` the paths of the properties that differ, empty where the whole resource comes or goes.
    """

    op: str
    type: str
    name: str
    properties: list[str]


@dataclass
class Recorder:
    """Collects engine events (`on_event` of the Automation API) into changes, counts and errors."""

    changes: list[Change] = field(default_factory=list)
    same: int = 0
    diagnostics: list[DiagnosticEvent] = field(default_factory=list)
    steps: list[StepEventMetadata] = field(default_factory=list)
    """Every step of a resource as the engine told it, those without a change too: with old and new values, secrets masked."""
    violations: list[policy_pack.Violation] = field(default_factory=list)
    _refreshed: set[str] = field(default_factory=set)

    def __call__(self, event: EngineEvent) -> None:
        if event.diagnostic_event and event.diagnostic_event.severity == "error":
            self.diagnostics.append(event.diagnostic_event)
        if event.policy_event:
            self.violations.append(policy_pack.violation(event.policy_event))
        if event.resource_pre_event:
            step = event.resource_pre_event.metadata
            # What a refresh finds is known only once the resource was read: then its outputs come with the operation.
            if step.op.value == "refresh":
                self._refreshed.add(step.urn)
            else:
                self._step(step)
        if event.res_outputs_event and event.res_outputs_event.metadata.urn in self._refreshed:
            self._step(event.res_outputs_event.metadata)

    def _step(self, step: StepEventMetadata) -> None:
        op = _OPS.get(step.op.value)
        if op is None or step.type.startswith("pulumi:providers:"):
            return
        self.steps.append(step)
        if op == "same":
            self.same += 1
        else:
            self.changes.append(_change(op, step))

    def summary(self) -> dict[str, int]:
        """How many resources each operation touched."""
        counts = {"create": 0, "import": 0, "update": 0, "replace": 0, "delete": 0, "same": self.same}
        for change in self.changes:
            counts[change.op] += 1
        return counts


def _change(op: str, step: StepEventMetadata) -> Change:
    whole = op in ("create", "import", "delete")
    differing = [] if whole else sorted({each.path for each in properties(step, Reader([step], ""))})
    return Change(op, step.type, step.urn.split("::")[-1], differing)


def plain_outputs(outputs: Any) -> dict[str, Any]:
    """Stack outputs with secret ones masked as the engine's own tools mask them."""
    return {name: SECRET if output.secret else output.value for name, output in sorted(outputs.items())}
