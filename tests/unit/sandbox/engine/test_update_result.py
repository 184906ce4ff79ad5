"""Whether the state has everything that a run did, by the engine's events."""

from typing import Any

import pytest
from pulumi.automation.events import EngineEvent

from sandbox.engine.diagnostics import explanations
from sandbox.engine.update_result import EventRecorder
from sandbox.providers.cloudflare.tunnels import TUNNEL_CONFIG

RULES_WARNING = TUNNEL_CONFIG.create_warning

ENDED = {"summaryEvent": {"durationSeconds": 1}}
STEP = {"op": "delete", "urn": "urn:pulumi:dev::culvert::t:i:T::thing", "type": "t:i:T", "provider": ""}
FAILED = {"resOpFailedEvent": {"metadata": STEP}}
INVALID = {"diagnosticEvent": {"severity": "error", "message": "a wrong setting", "color": "never"}}


@pytest.mark.parametrize(
    ("events", "complete"),
    [
        ([ENDED], True),
        ([INVALID, ENDED], True),
        # The engine was killed.
        ([], False),
        ([INVALID], False),
        # The operation may have taken place, and its response been lost.
        ([FAILED, ENDED], False),
    ],
)
def test_a_run_is_complete_if_the_engine_ended_it_and_no_operation_failed(
    events: list[dict[str, Any]], complete: bool
) -> None:
    recorder = EventRecorder()
    for event in events:
        recorder(EngineEvent.from_json({"sequence": 1, "timestamp": 1, **event}))
    assert recorder.complete == complete


def test_the_warning_that_rules_cannot_be_destroyed_is_explained_once() -> None:
    recorder = EventRecorder()
    for message in (RULES_WARNING, RULES_WARNING, "another"):
        event = {"urn": "", "prefix": "", "message": message, "color": "never", "severity": "warning"}
        recorder(EngineEvent.from_json({"sequence": 1, "timestamp": 1, "diagnosticEvent": event}))
    assert recorder.diagnostics == []
    (note,) = explanations(recorder.warnings)
    assert note.endswith("they are deleted with the tunnel")
    assert explanations(recorder.warnings[2:]) == []
