"""The comparison of two checkouts: per stack, from the state that the base brings up to what the head declares.

The base is brought up in a sandbox of its own, by its own code; then the head is previewed against that state. No real
account is touched and no credentials are needed, so that a change from a fork can be rehearsed as well.
"""

import re
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ops.project import project_name
from ops.shared_hostnames import shared_hostnames
from sandbox import tools
from sandbox.diff.base_checkout import BaseCheckout
from sandbox.diff.result import ResourceDiff, StackDiff, in_order, resource_diffs
from sandbox.directory import PROJECT, SandboxDirectory
from sandbox.engine import diagnostics
from sandbox.engine.engine import Engine
from sandbox.engine.property_diff import ValueFormatter
from sandbox.engine.stack_file import valid_stack_name
from sandbox.engine.update_result import Change, UpdateResult
from sandbox.errors import SandboxError
from sandbox.services.services import SandboxServices
from sandbox.tools.processes import Supervisor
from sandbox.tools.tool import Progress
from settings import Settings, SettingsError, base_name

_FROM_NOTHING = "so every resource of this stack is shown as created."


@dataclass
class _BaseStack:
    """A stack of the base."""

    hostnames: list[str] = field(default_factory=list)
    resources: list[ResourceDiff] = field(default_factory=list)
    """The deletion of all its resources, if the head has no such stack."""
    up: bool = False
    incomplete: bool = False
    """Whether a failed attempt to bring it up may have left resources behind."""
    notes: list[str] = field(default_factory=list)


def compare(checkout: Path, stacks: Sequence[str], progress: Progress) -> list[StackDiff]:
    """A `StackDiff` for each of the named stacks; without names, for every stack file of the base or the head.

    Raises `SandboxError` if `checkout` is not one of this project, or neither side has a named stack.
    """
    with tempfile.TemporaryDirectory(prefix="culvert-diff-") as folder:
        # An earlier version of the base would make it without the marker that this version looks for.
        home = SandboxDirectory(Path(folder, "base")).create().path
        comparison = _Comparison(BaseCheckout(checkout, home), Path(folder), progress)
        try:
            return comparison.run(stacks)
        finally:
            comparison.stop()


class _Comparison:
    """The sandboxes of a comparison, in `folder`: `base` for the base's state, and `nothing` for stacks without one."""

    def __init__(self, base: BaseCheckout, folder: Path, progress: Progress) -> None:
        self._base = base
        self._folder = folder
        self._progress = progress
        self._services: dict[str, SandboxServices] = {}

    def run(self, named: Sequence[str]) -> list[StackDiff]:
        known = sorted({*_stacks(PROJECT), *_stacks(self._base.checkout)})
        stacks = [valid_stack_name(name, None) for name in named or known]
        for stack in stacks:
            if stack not in known:
                raise SandboxError(
                    f"neither the base nor the head has {_file(PROJECT, stack).name}",
                    key="--stack",
                    value=stack,
                    accepted=", ".join(known),
                )
        heads = {stack: _settings(_file(PROJECT, stack)) for stack in stacks}
        bases = {stack: self._base_stack(stack, heads[stack]) for stack in stacks}
        # The head may need what only its own servers support. They keep the data of the base's servers.
        for name in ("providers", "cloudflare"):
            Supervisor(self._folder / "base").stop(name)
        return [self._difference(stack, bases[stack], heads[stack]) for stack in stacks]

    def stop(self) -> None:
        for home in self._folder.iterdir():
            Supervisor(home).stop_all()

    def _base_stack(self, stack: str, head: Settings | SettingsError | None) -> _BaseStack:
        file = _file(self._base.checkout, stack)
        if not file.is_file():
            return _BaseStack(notes=[f"{file.name} is new: every resource of this stack is created."])
        checked, errors = self._base.run("check", stack)
        if errors:
            reason = f"The base's own {file.name} has errors, {_FROM_NOTHING} {self._reason(stack, errors)}"
            return _BaseStack(notes=[reason])
        base = _BaseStack(checked["hostnames"])
        if head is None:
            self._progress(f"listing the resources of {stack}")
            result, errors = self._base.run("preview", stack)
            base.resources = _deletions(result)
            if errors:
                base.notes.append(f"The base cannot be previewed. {self._reason(stack, errors)}")
        elif isinstance(head, Settings):
            self._progress(f"bringing up {stack} from the base")
            _, errors = self._base.run("up", stack)
            base.up, base.incomplete = not errors, bool(errors)
            if errors:
                base.notes.append(f"The base cannot be brought up, {_FROM_NOTHING} {self._reason(stack, errors)}")
        return base

    def _difference(self, stack: str, base: _BaseStack, head: Settings | SettingsError | None) -> StackDiff:
        basis = "base" if base.up else "nothing"
        if head is None:
            removed = (
                f"{_file(PROJECT, stack).name} is removed. This alone deletes nothing: the resources stay until "
                f"`pulumi destroy --stack {stack}` is run in a checkout that still has the file."
            )
            return StackDiff(stack, "base", [removed, *base.notes], lost=base.hostnames, resources=base.resources)
        if isinstance(head, SettingsError):
            return StackDiff(stack, basis, base.notes, errors=diagnostics.from_settings(head))
        hostnames = list(head.hostnames())
        gained = [name for name in hostnames if name not in base.hostnames]
        lost = [name for name in base.hostnames if name not in hostnames]
        services = self._started_services("nothing" if base.incomplete else "base")
        shared = [f"{each.message}." for each in shared_hostnames(_file(PROJECT, stack), head)]
        notes = base.notes + _seed(services, stack, head) + shared
        self._progress(f"previewing {stack} from the head")
        try:
            result = self._preview(services, stack)
        except diagnostics.RunFailed as failure:
            errors = [{**error, "message": self._plain(stack, error["message"])} for error in failure.errors]
            return StackDiff(stack, basis, notes, gained, lost, errors=errors)
        resources, unchanged = resource_diffs(result, self._stack_files(stack))
        return StackDiff(stack, basis, notes, gained, lost, resources, unchanged)

    def _started_services(self, home: str) -> SandboxServices:
        if home not in self._services:
            self._services[home] = SandboxServices(SandboxDirectory(self._folder / home), self._progress)
            self._services[home].start()
        return self._services[home]

    def _preview(self, services: SandboxServices, stack: str) -> UpdateResult:
        tool = tools.ensure(["pulumi"], self._progress)["pulumi"]
        env = services.environment()
        engine = Engine(services.directory, stack, _file(PROJECT, stack), tool, env, self._progress)
        return engine.preview(lambda _: None)

    def _reason(self, stack: str, errors: Iterable[dict[str, Any]]) -> str:
        return self._plain(stack, diagnostics.lines(errors))

    def _plain(self, stack: str, message: str) -> str:
        """The message without a traceback, and without what differs from one rehearsal to the next."""
        message = message.partition("\nTraceback ")[0]
        message = message.replace(str(self._folder), "(sandbox)").replace(str(self._base.checkout), "(base)")
        message = re.sub(r"\b127\.0\.0\.1:\d+", "127.0.0.1", message)
        return ValueFormatter([], self._stack_files(stack)).text(message)

    def _stack_files(self, stack: str) -> str:
        """The text of the stack file in both checkouts."""
        files = [_file(checkout, stack) for checkout in (PROJECT, self._base.checkout)]
        return "".join(file.read_text() for file in files if file.is_file())


def _settings(file: Path) -> Settings | SettingsError | None:
    """The head's settings, or their errors; `None` if it has no such stack."""
    try:
        return Settings.from_stack_file(file) if file.is_file() else None
    except SettingsError as error:
        return error


def _seed(services: SandboxServices, stack: str, head: Settings) -> list[str]:
    """Seeds what the head's stack file refers to; returns a note if that conflicts with the base."""
    try:
        services.seed(head, head.namespace_name(base_name(project_name(), stack)))
    except SandboxError:
        return ["The base has these zones in another account. The preview assumes that they have moved."]
    return []


def _deletions(result: dict[str, Any]) -> list[ResourceDiff]:
    """The resources that a preview would create, as deletions. The result does not say which of them are components."""
    changes = [Change(**change) for change in result.get("changes", [])]
    resources = [change for change in changes if change.type.split(":")[0] not in ("pulumi", "culvert")]
    return in_order(ResourceDiff("delete", change.type, change.name) for change in resources)


def _file(checkout: Path, stack: str) -> Path:
    return checkout / f"Pulumi.{stack}.yaml"


def _stacks(checkout: Path) -> list[str]:
    return [file.name.removeprefix("Pulumi.").removesuffix(".yaml") for file in checkout.glob("Pulumi.*.yaml")]
