"""The last line of `recover`: each outcome has a command to run next."""

from pathlib import Path
from typing import Any

import pytest

from ops.recover.next_step import Commands, next_step
from ops.recover.orphans import OrphanedResource
from ops.recover.report import Report
from ops.recover.survey import Survey
from tests.unit.ops.recover.test_orphans import live_object

CREATED = OrphanedResource(live_object("Secret", "a"), {"urn": "urn:pulumi:dev::culvert::t::culvert-dev-token"})
FOREIGN = OrphanedResource(live_object("Secret", "b"), None)
UP = "`pulumi up --stack dev`"
REPEAT = f"{UP}, or the `pulumi destroy` that was interrupted"
RECOVER = "`python -m ops recover --stack dev"


def report(*left: OrphanedResource, unread: bool = False, unclear: bool = False, **more: Any) -> Report:
    surveyed = Survey(unread=["tunnel: 403"] if unread else [], unclear=[CREATED.live] if unclear else [])
    return Report("dev", surveyed, list(left), **more)


@pytest.mark.parametrize(
    ("found", "action", "interrupted", "step"),
    [
        (report(), None, False, f"nothing to recover: {REPEAT}"),
        (report(CREATED), None, True, f"{RECOVER} --adopt` adds it to the state, with --remove it is deleted; then "),
        (report(FOREIGN), None, False, f"{RECOVER} --remove` deletes what is left over: the program does not create"),
        (report(), None, True, f"{RECOVER} --adopt` makes the state match what exists; then {REPEAT}"),
        (report(missing=[{"urn": "a"}]), None, False, f"{RECOVER} --adopt` makes the state match what exists"),
        (report(CREATED, unread=True), None, True, "see to it that what is unknown can be read, then `python -m ops"),
        (report(unclear=True), None, False, "decide whose the unclear resources are"),
        (report(CREATED, done=[CREATED]), "adopted", False, REPEAT),
        (report(CREATED, FOREIGN, done=[CREATED]), "adopted", False, f"{RECOVER} --remove` deletes what is still left"),
        (
            report(CREATED, done=[CREATED]),
            "removed",
            False,
            f"{UP} creates the stack again; `pulumi stack rm dev` ends",
        ),
        (report(CREATED, refusals=["no"]), "removed", False, "remove the cause of each refusal, then `python -m ops"),
    ],
)
def test_each_outcome_has_a_command_to_run_next(
    found: Report, action: str | None, interrupted: bool, step: str
) -> None:
    assert next_step(found, Commands("dev"), action, interrupted).startswith(step)


def test_the_commands_name_the_stack_file_that_was_given() -> None:
    commands = Commands("dev", Path("other files/Pulumi.dev.yaml"))
    assert commands.recover == "python -m ops recover --stack dev --config 'other files/Pulumi.dev.yaml'"
    assert commands.up == "pulumi up --stack dev --config-file 'other files/Pulumi.dev.yaml'"


@pytest.mark.parametrize("as_json", [False, True])
def test_the_report_ends_with_it(capsys: pytest.CaptureFixture[str], as_json: bool) -> None:
    report().finish(as_json, None, "do this")
    printed = capsys.readouterr().out
    assert ('"next": "do this"' in printed) if as_json else printed.endswith("next: do this\n")
