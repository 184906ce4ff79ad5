"""Whether the state has everything that a run did, by the engine's events."""

from typing import Any

import pytest
from pulumi.automation.events import EngineEvent

from sandbox.engine.update_result import EventRecorder

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
