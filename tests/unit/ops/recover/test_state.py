"""The state that the engine exports: what it prints otherwise is one line that says what."""

import threading
from types import SimpleNamespace
from typing import Any
from unittest import mock

import pytest
from pulumi import automation
from pulumi.automation.events import EngineEvent

from ops.errors import OperatorError
from ops.recover.command import explain
from ops.recover.preview import planned_creations
from ops.recover.state import export_state

RESOURCE = '{"urn": "urn:pulumi:dev::p::t::n", "type": "t"}'


def stack(printed: str) -> automation.Stack:
    """A stack whose engine prints this for every command."""
    workspace = automation.LocalWorkspace.__new__(automation.LocalWorkspace)
    workspace.pulumi_home, workspace.work_dir, workspace.env_vars = None, ".", {}
    workspace.pulumi_command = mock.Mock(run=lambda *_: SimpleNamespace(stdout=printed))
    made = automation.Stack.__new__(automation.Stack)
    made.name, made.workspace = "dev", workspace
    return made


def test_a_state_is_returned_as_it_was_printed() -> None:
    printed = f'{{"version": 3, "deployment": {{"resources": [{RESOURCE}], "more": 1}}}}'
    state = export_state(stack(printed))
    assert state["deployment"] == {"resources": [{"urn": "urn:pulumi:dev::p::t::n", "type": "t"}], "more": 1}


@pytest.mark.parametrize(
    ("printed", "problem"),
    [
        ("", "no JSON for stack export"),
        ("<html>", "no JSON for stack export"),
        ("[" * 5000, "no JSON for stack export"),
        ("[]", "no state of a stack: all of it: "),
        ('{"version": "3", "deployment": {}}', "no state of a stack: version: "),
        ('{"version": 3, "deployment": null}', "no state of a stack: deployment: "),
        ('{"version": 3, "deployment": {"resources": [{"urn": 5, "type": "t"}]}}', "deployment.resources.0.urn: "),
        (
            '{"version": 3, "deployment": {"pending_operations": [{"type": "creating"}]}}',
            "pending_operations.0.resource",
        ),
        (
            f'{{"version": 3, "deployment": {{"resources": [{RESOURCE[:-1]}, "dependencies": "x"}}]}}}}',
            "deployment.resources.0.dependencies: ",
        ),
    ],
)
def test_anything_else_is_one_error_that_names_the_place(printed: str, problem: str) -> None:
    with pytest.raises(OperatorError, match="the engine printed no") as error:
        export_state(stack(printed))
    assert problem in str(error.value)
    assert str(error.value).endswith("look at what it prints: pulumi stack export")


def test_an_engine_that_fails_without_a_word_has_a_reason_all_the_same() -> None:
    result = automation.CommandResult("", "", 255)
    assert explain(automation.CommandError(result)) == "the engine refused: it gave no reason"


@pytest.mark.parametrize("event", [{}, {"sequence": 1, "timestamp": 1, "resourcePreEvent": {"metadata": []}}])
def test_an_event_of_another_shape_is_an_error_and_no_traceback(
    event: dict[str, Any], capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def preview(_stack: object, on_event: Any) -> None:
        # In a thread, as the SDK does.
        thread = threading.Thread(target=lambda: on_event(EngineEvent.from_json(event)))
        thread.start()
        thread.join()
        raise RuntimeError("summary event never found")

    monkeypatch.setattr(automation.Stack, "preview", preview)
    with pytest.raises(OperatorError, match=r"the engine's events have another shape than documented \(.+\)"):
        planned_creations(stack(""))
    assert capfd.readouterr().err == ""
