"""The result of one run of the engine, collected from its events."""

from dataclasses import asdict, dataclass, field
from typing import Any

from pulumi.automation.events import DiagnosticEvent, EngineEvent, StepEventMetadata

from ops.recover.state import urn_name
from sandbox.engine.policy_pack import Violation, violation
from sandbox.engine.property_diff import SECRET, ValueFormatter, changed_properties

_OPS = {
    "create": "create",
    "update": "update",
    "delete": "delete",
    "replace": "replace",
    "same": "same",
    # An existing resource enters the state; what changes on it follows as an update.
    "import": "import",
}
"""Engine step → operation in the result. The halves of a replacement (`create-replacement`, `delete-replaced`,
`discard-replaced`) are left out: `replace` covers both."""


@dataclass(frozen=True)
class Change:
    """One resource that a run changed, or would change.

    `op` is `create`, `import`, `update`, `replace` or `delete`; `type` the type token; `name` the resource's name in
    the program; `properties` the paths of the properties that differ, empty for `create`, `import` and `delete`.
    """

    op: str
    type: str
    name: str
    properties: list[str]


@dataclass(frozen=True)
class UpdateResult:
    """The result of one run: counts by operation, changed resources, and the stack's outputs with secrets masked."""

    summary: dict[str, int]
    changes: list[Change]
    outputs: dict[str, Any]
    steps: list[StepEventMetadata]
    """The source of `changes`: old and new values, too large to print with every run."""
    violations: list[Violation]
    """Policy rules that the stack breaks, where the policy pack ran; in a successful run they are all advisory."""
    notes: list[str] = field(default_factory=list)
    """What warnings of the run mean."""

    def as_json(self) -> dict[str, Any]:
        changes = [asdict(change) for change in self.changes]
        return {"summary": self.summary, "changes": changes, "outputs": self.outputs}


@dataclass
class EventRecorder:
    """Collects engine events (`on_event` of the Automation API) into changes, counts and errors."""

    changes: list[Change] = field(default_factory=list)
    same: int = 0
    diagnostics: list[DiagnosticEvent] = field(default_factory=list)
    """The errors."""
    warnings: list[DiagnosticEvent] = field(default_factory=list)
    steps: list[StepEventMetadata] = field(default_factory=list)
    """Every step of a resource, unchanged ones included: with old and new values, secrets masked."""
    violations: list[Violation] = field(default_factory=list)
    ended: bool = False
    """Whether the engine ended the run itself."""
    failed: bool = False
    """Whether an operation on a resource failed."""
    _refreshed: set[str] = field(default_factory=set)

    @property
    def complete(self) -> bool:
        """Whether the state has everything that the run did. A failed operation may have taken place."""
        return self.ended and not self.failed

    def __call__(self, event: EngineEvent) -> None:
        self.ended |= event.summary_event is not None
        self.failed |= event.res_op_failed_event is not None
        if event.diagnostic_event:
            kept = {"error": self.diagnostics, "warning": self.warnings}
            kept.get(event.diagnostic_event.severity, []).append(event.diagnostic_event)
        if event.policy_event:
            self.violations.append(violation(event.policy_event))
        if event.resource_pre_event:
            step = event.resource_pre_event.metadata
            # The outcome of a refresh is known only after the read: its outputs event carries the operation.
            if step.op.value == "refresh":
                self._refreshed.add(step.urn)
            else:
                self._record(step)
        if event.res_outputs_event and event.res_outputs_event.metadata.urn in self._refreshed:
            self._record(event.res_outputs_event.metadata)

    def _record(self, step: StepEventMetadata) -> None:
        op = _OPS.get(step.op.value)
        if op is None or step.type.startswith("pulumi:providers:"):
            return
        self.steps.append(step)
        if op == "same":
            self.same += 1
        else:
            self.changes.append(_change(op, step))

    def summary(self) -> dict[str, int]:
        """The number of resources by operation."""
        counts = {"create": 0, "import": 0, "update": 0, "replace": 0, "delete": 0, "same": self.same}
        for change in self.changes:
            counts[change.op] += 1
        return counts


def _change(op: str, step: StepEventMetadata) -> Change:
    paths: set[str] = set()
    if op in ("update", "replace"):
        paths = {prop.path for prop in changed_properties(step, ValueFormatter([step], ""))}
    return Change(op, step.type, urn_name(step.urn), sorted(paths))


def plain_outputs(outputs: Any) -> dict[str, Any]:
    """Stack outputs with secrets masked as the engine's own commands mask them."""
    return {name: SECRET if output.secret else output.value for name, output in sorted(outputs.items())}
