"""The sentence with which `recover` ends: the command to run next."""

import shlex
from dataclasses import dataclass
from pathlib import Path

from ops.project import PROJECT, project_folder
from ops.recover.report import Report


@dataclass(frozen=True)
class Commands:
    """The commands for one stack, as they are typed."""

    stack: str
    config: Path | None = None
    """The stack file, where it is not the usual one."""

    @property
    def recover(self) -> str:
        named = f" --config {shlex.quote(str(self.config))}" if self.config else ""
        return f"python -m ops recover --stack {self.stack}{named}"

    @property
    def up(self) -> str:
        command = f"pulumi up --stack {self.stack}"
        if self.config is None:
            return command
        if project_folder() == PROJECT:
            return f"{command} --config-file {shlex.quote(str(self.config))}"
        return f"{command} --cwd {shlex.quote(str(self.config.parent))}"

    @property
    def repeat(self) -> str:
        return f"`{self.up}`, or the `pulumi destroy` that was interrupted"


def next_step(report: Report, commands: Commands, action: str | None, interrupted: bool) -> str:
    """What to do next. `action` is `adopted` or `removed`; `interrupted` is whether the state has pending operations
    that neither was asked for."""
    if report.surveyed.unread:
        return f"see to it that what is unknown can be read, then `{commands.recover}` again"
    if action is None and report.left:
        adopt, remove = f"`{commands.recover} --adopt`", f"`{commands.recover} --remove`"
        if all(orphan.entry is None for orphan in report.left):
            return f"{remove} deletes what is left over: the program does not create it"
        return f"{adopt} adds it to the state, with --remove it is deleted; then {commands.repeat}"
    if action is None and (report.missing or interrupted):
        return f"`{commands.recover} --adopt` makes the state match what exists; then {commands.repeat}"
    if report.refusals:
        return f"remove the cause of each refusal, then `{commands.recover} --remove` again"
    if report.surveyed.unclear:
        return f"decide whose the unclear resources are, as listed with each; then {commands.repeat}"
    if action == "removed" and not report.remaining:
        return f"`{commands.up}` creates the stack again; `pulumi stack rm {report.stack}` ends it"
    if action == "adopted" and report.remaining:
        return f"`{commands.recover} --remove` deletes what is still left over; or {commands.repeat}"
    return commands.repeat if action else f"nothing to recover: {commands.repeat}"
