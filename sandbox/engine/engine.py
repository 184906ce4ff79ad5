"""The real Pulumi engine, driven over one stack of a sandbox.

`__main__.py` is the inline program of the Automation API: the engine calls back into this process, so that no language
plugin is needed (https://www.pulumi.com/docs/iac/automation-api/).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pulumi import automation

from ops.expected_stack import ExpectedStack
from ops.project import project_name
from ops.recover import state
from ops.recover.object_kinds import NAMESPACE
from sandbox.directory import SandboxDirectory
from sandbox.engine import diagnostics, policy_pack, shared_namespaces
from sandbox.engine.update_result import EventRecorder, UpdateResult, plain_outputs
from sandbox.engine.workspace import StackWorkspace
from sandbox.tools import Tool
from sandbox.tools.tool import Progress
from settings import Settings, base_name


class Engine:
    """The operations on one stack of a sandbox, one command at a time.

    `tool` is the engine, `env` its environment, which leads it to the sandbox's servers. `on_output` of each operation
    receives the lines that the engine prints, with a terminal's colours if `coloured`. A failed run raises `RunFailed`.
    """

    def __init__(
        self,
        directory: SandboxDirectory,
        stack: str,
        config: Path | None,
        tool: Tool,
        env: Mapping[str, str],
        progress: Progress,
        *,
        coloured: bool = False,
    ) -> None:
        self._name = stack
        self._color = "always" if coloured else "never"
        self._workspace = StackWorkspace(directory, stack, config, tool, env, progress)
        self._env = dict(env)
        self._progress = progress

    def preview(self, on_output: Progress, policy: bool = False) -> UpdateResult:
        """What `up` would do. With `policy`, the policy pack runs over it."""

        def run(stack: automation.Stack, **options: Any) -> automation.PreviewResult:
            return stack.preview(**self._policies(policy), **options)

        result = self._run(run, on_output, changes=False)
        self._show_shared_namespaces(result)
        return result

    def up(self, on_output: Progress, policy: bool = False) -> UpdateResult:
        """Brings the stack to what the program declares. With `policy`, a broken mandatory rule prevents it."""

        def run(stack: automation.Stack, **options: Any) -> automation.UpResult:
            return stack.up(show_secrets=False, **self._policies(policy), **options)

        return self._run(run, on_output)

    def refresh(self, on_output: Progress) -> UpdateResult:
        """Reads every resource and updates the state to match."""
        return self._run(lambda stack, **options: stack.refresh(show_secrets=False, **options), on_output)

    def destroy(
        self, on_output: Progress, run_program: bool = False, shared_namespace: bool = False, preview: bool = False
    ) -> UpdateResult:
        """Deletes every resource in the state; with `preview`, nothing, and the result has what would be deleted.

        A namespace with objects of others, which would be deleted with it, is an error unless `shared_namespace` says
        that it is meant.

        The program runs if `run_program` says so, or if a resource has delete hooks, without which the engine refuses.
        With a protected resource in the state, a preview fails before anything is deleted, as in `pulumi destroy`;
        `Stack.destroy` alone would delete the others first.
        """

        def run(stack: automation.Stack, **options: Any) -> automation.DestroyResult | automation.PreviewResult:
            resources = self._resources()
            hooks = [resource.get("resourceHooks") or {} for resource in resources]
            needed = run_program or any({"BeforeDelete", "AfterDelete"} & set(kinds) for kinds in hooks)
            if preview:
                return stack.preview_destroy(run_program=needed, **options)
            if not shared_namespace:
                shared_namespaces.refuse(self._shared_namespaces(resources))
            if any(resource.get("protect") for resource in resources):
                stack.preview_destroy(run_program=needed, **options)
            return stack.destroy(show_secrets=False, run_program=needed, **options)

        result = self._run(run, on_output, changes=not preview)
        if preview:
            self._show_shared_namespaces(result)
        return result

    def outputs(self) -> dict[str, Any]:
        """The outputs of the last `up`, with secrets masked."""
        with self._stack() as stack:
            return plain_outputs(stack.outputs())

    def export(self) -> dict[str, Any]:
        """The state, with secrets encrypted."""
        with self._stack() as stack:
            return state.export_state(stack)

    def _show_shared_namespaces(self, result: UpdateResult) -> None:
        """Shows what a previewed run would delete along with namespaces."""
        gone = [one.name for one in result.changes if one.type == NAMESPACE.type and one.op in ("delete", "replace")]
        if not gone:
            return
        with self._stack():
            resources = self._resources()
        deleted = [one["id"] for one in resources if state.urn_name(one["urn"]) in gone and one.get("id")]
        if shared := self._shared_namespaces(resources, deleted):
            self._progress(shared_namespaces.describe(shared))

    def _shared_namespaces(
        self, resources: list[state.Resource], deleted: Iterable[str] | None = None
    ) -> dict[str, list[str]]:
        return shared_namespaces.shared_namespaces(self._name, resources, self._env["KUBECONFIG"], deleted)

    def _resources(self) -> list[state.Resource]:
        return self._workspace.deployment().get("resources") or []

    def _policies(self, policy: bool) -> dict[str, Any]:
        return policy_pack.arguments(self._name) if policy else {}

    def _run(self, operation: Callable[..., Any], on_output: Progress, *, changes: bool = True) -> UpdateResult:
        events = EventRecorder()
        with self._stack() as stack:
            note = self._workspace.note
            if note.exists() or self._workspace.deployment().get("pending_operations"):
                # Its clients take long to import, and most runs need none of them.
                from ops.recover.repair import repair_state

                repair_state(stack, self._expected, self._env, self._progress)
            note.touch() if changes else note.unlink(missing_ok=True)
            try:
                result = operation(stack, on_output=on_output, on_event=events, color=self._color)
            except automation.CommandError as error:
                if events.complete:
                    note.unlink(missing_ok=True)
                raise diagnostics.from_run(events.diagnostics, error, self._name, events.violations) from error
            note.unlink(missing_ok=True)
            outputs = plain_outputs(result.outputs if isinstance(result, automation.UpResult) else stack.outputs())
        notes = diagnostics.explanations(events.warnings)
        return UpdateResult(events.summary(), events.changes, outputs, events.steps, events.violations, notes)

    def _expected(self) -> ExpectedStack:
        """The stack as its file in the sandbox declares it."""
        settings = Settings.from_stack_file(self._workspace.stack_file)
        return ExpectedStack(self._name, base_name(project_name(), self._name), settings)

    @contextmanager
    def _stack(self) -> Iterator[automation.Stack]:
        try:
            with self._workspace.open() as stack:
                yield stack
        except automation.CommandError as error:
            raise diagnostics.from_run([], error, self._name) from error
