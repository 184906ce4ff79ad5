"""What a change to this project would do to each stack: from where the base stands to what the head declares.

The base is brought up in a sandbox of its own by its own code, then the head is previewed against that state. Nothing
real is touched and no credentials are needed, so that a change by anybody can be rehearsed.
"""

import re
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sandbox import tools
from sandbox.diff.base import Base
from sandbox.diff.result import Resource, StackDiff, in_order, resources_of
from sandbox.directory import PROJECT, SandboxDirectory
from sandbox.engine import diagnostics
from sandbox.engine.engine import Engine, Progress, Report
from sandbox.engine.property_diff import Reader
from sandbox.engine.stack_file import stack_name
from sandbox.engine.update_result import Change
from sandbox.errors import SandboxError
from sandbox.services.services import SandboxServices
from sandbox.tools.processes import Supervisor
from settings import Settings, SettingsError

_FROM_NOTHING = ", so all of this stack is shown as made from nothing."


@dataclass
class _Before:
    """A stack as the base has it."""

    hostnames: list[str] = field(default_factory=list)
    resources: list[Resource] = field(default_factory=list)
    """What deleting all of it means, where the head has no such stack."""
    up: bool = False
    spoilt: bool = False
    """Whether an attempt to bring it up has left half of it."""
    notes: list[str] = field(default_factory=list)


def compare(checkout: Path, stacks: Sequence[str], progress: Progress) -> list[StackDiff]:
    """One `StackDiff` for each of the named stacks; without names, for every stack file of the base or the head.

    Raises `SandboxError` where the checkout is none, or neither side has such a stack.
    """
    with tempfile.TemporaryDirectory(prefix="culvert-diff-") as folder:
        comparison = _Comparison(Base(checkout, Path(folder, "base")), Path(folder), progress)
        try:
            return comparison.run(stacks)
        finally:
            comparison.stop()


class _Comparison:
    """The sandboxes of one comparison, in `folder`: `base`, where the base comes up, and `nothing`, where that fails."""

    def __init__(self, base: Base, folder: Path, progress: Progress) -> None:
        self._base = base
        self._folder = folder
        self._progress = progress
        self._sessions: dict[str, SandboxServices] = {}

    def run(self, named: Sequence[str]) -> list[StackDiff]:
        known = sorted({*_stacks(PROJECT), *_stacks(self._base.checkout)})
        stacks = [stack_name(name, None) for name in named or known]
        for stack in stacks:
            if stack not in known:
                raise SandboxError(
                    f"neither the base nor the head has {_file(PROJECT, stack).name}",
                    key="--stack",
                    value=stack,
                    accepted=", ".join(known),
                )
        heads = {stack: _settings(_file(PROJECT, stack)) for stack in stacks}
        befores = {stack: self._before(stack, heads[stack]) for stack in stacks}
        # What the head declares may need what only the head's servers know; what they have made is kept.
        for name in ("providers", "cloudflare"):
            Supervisor(self._folder / "base").stop(name)
        return [self._difference(stack, befores[stack], heads[stack]) for stack in stacks]

    def stop(self) -> None:
        for home in self._folder.iterdir():
            Supervisor(home).stop_all()

    def _before(self, stack: str, head: Settings | SettingsError | None) -> _Before:
        file = _file(self._base.checkout, stack)
        if not file.is_file():
            return _Before(notes=[f"{file.name} is new: all of it is made from nothing."])
        checked, errors = self._base.run("check", stack)
        if errors:
            return _Before(notes=[f"The base's own {file.name} is refused{_FROM_NOTHING} {self._told(stack, errors)}"])
        before = _Before(checked["hostnames"])
        if head is None:
            self._progress(f"listing what {stack} is made of")
            made, errors = self._base.run("preview", stack)
            before.resources = _deletions(made)
            before.notes += [f"The base cannot be previewed. {self._told(stack, errors)}"] if errors else []
        elif isinstance(head, Settings):
            self._progress(f"bringing up {stack} as the base has it")
            _, errors = self._base.run("up", stack)
            before.up, before.spoilt = not errors, bool(errors)
            before.notes += [f"The base does not come up{_FROM_NOTHING} {self._told(stack, errors)}"] if errors else []
        return before

    def _difference(self, stack: str, before: _Before, head: Settings | SettingsError | None) -> StackDiff:
        basis = "base" if before.up else "nothing"
        if head is None:
            gone = (
                f"{_file(PROJECT, stack).name} is gone. That alone deletes nothing: its resources stay until somebody runs "
                f"`pulumi destroy --stack {stack}` in a checkout that still has the file."
            )
            return StackDiff(stack, "base", [gone, *before.notes], lost=before.hostnames, resources=before.resources)
        if isinstance(head, SettingsError):
            return StackDiff(stack, basis, before.notes, errors=diagnostics.from_settings(head))
        after = list(head.hostnames())
        gained = [name for name in after if name not in before.hostnames]
        lost = [name for name in before.hostnames if name not in after]
        session = self._session("nothing" if before.spoilt else "base")
        notes = before.notes + _seed(session, head)
        self._progress(f"previewing {stack} as it is here")
        try:
            report = self._preview(session, stack)
        except diagnostics.RunFailed as error:
            errors = [{**told, "message": self._plain(stack, told["message"])} for told in error.errors]
            return StackDiff(stack, basis, notes, gained, lost, errors=errors)
        resources, unchanged = resources_of(report, self._files(stack))
        return StackDiff(stack, basis, notes, gained, lost, resources, unchanged)

    def _session(self, home: str) -> SandboxServices:
        if home not in self._sessions:
            self._sessions[home] = SandboxServices(SandboxDirectory(self._folder / home), self._progress)
            self._sessions[home].start()
        return self._sessions[home]

    def _preview(self, session: SandboxServices, stack: str) -> Report:
        tool = tools.ensure(["pulumi"], self._progress)["pulumi"]
        engine = Engine(session.home, stack, _file(PROJECT, stack), tool, session.environment(), self._progress)
        return engine.preview(lambda _: None)

    def _told(self, stack: str, errors: Iterable[dict[str, Any]]) -> str:
        return self._plain(stack, diagnostics.lines(errors))

    def _plain(self, stack: str, message: str) -> str:
        """Without what differs from one rehearsal to the next, and without the frames that led to it."""
        message = message.partition("\nTraceback ")[0]
        message = message.replace(str(self._folder), "(sandbox)").replace(str(self._base.checkout), "(base)")
        return Reader([], self._files(stack)).text(re.sub(r"\b127\.0\.0\.1:\d+", "127.0.0.1", message))

    def _files(self, stack: str) -> str:
        """The stack file's text, of both sides."""
        files = [_file(side, stack) for side in (PROJECT, self._base.checkout)]
        return "".join(file.read_text() for file in files if file.is_file())


def _settings(file: Path) -> Settings | SettingsError | None:
    """The head's settings, or why they are refused; `None` where it has no such stack."""
    try:
        return Settings.from_stack_file(file) if file.is_file() else None
    except SettingsError as error:
        return error


def _seed(session: SandboxServices, head: Settings) -> list[str]:
    """Makes up what the head's stack file names; a note where the base has it otherwise, as when a zone has moved."""
    try:
        session.seed(head)
    except SandboxError:
        return ["The base has these zones elsewhere. What is shown takes for granted that they have moved."]
    return []


def _deletions(made: dict[str, Any]) -> list[Resource]:
    """What a command says it would create, as what there is to delete. It does not say which of them are components."""
    changes = [Change(**change) for change in made.get("changes", [])]
    real = [change for change in changes if change.type.split(":")[0] not in ("pulumi", "culvert")]
    return in_order(Resource("delete", change.type, change.name) for change in real)


def _file(checkout: Path, stack: str) -> Path:
    return checkout / f"Pulumi.{stack}.yaml"


def _stacks(checkout: Path) -> list[str]:
    return [file.name.removeprefix("Pulumi.").removesuffix(".yaml") for file in checkout.glob("Pulumi.*.yaml")]
