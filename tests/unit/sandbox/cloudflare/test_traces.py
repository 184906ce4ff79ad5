"""The emulator answers the calls recorded of the official plugins (`tests/fixtures/traces`) as recorded."""

import json
from typing import Any

from scripts.live.generated_values import learn, translated
from tests.support.emulator import Emulator
from tests.support.paths import TRACES

STEPS = ("create", "noop", "refresh", "change", "rotate", "rename", "destroy")
RECORDED_ZONE = "61019e82473e2926d28b8c0319cd097b"
INVENTED = {"description"}
"""Fields that the recording server added to a notification policy: shown without being sent, a permanent difference."""


def test_every_recorded_call_is_answered_with_the_recorded_status_and_shape(emulator: Emulator) -> None:
    zone = {"id": RECORDED_ZONE, "name": "example.test", "account": "0123456789abcdef0123456789abcdef"}
    emulator.owner("POST", "/seed", {"zones": [zone]})
    known: dict[str, str] = {}
    differences, count = [], 0
    for step in STEPS:
        for call in json.loads((TRACES / f"{step}.json").read_text()):
            path, body = translated(call["path"], known), json.loads(translated(json.dumps(call["body"]), known))
            reply = emulator.call(call["method"], path.removeprefix("/client/v4"), body)
            answer = reply.json() if reply.content else ""
            learn(call["reply"], answer, known, shortest=32)
            count += 1
            if (reply.status_code, _shape(answer)) != (call["status"], _shape(call["reply"])):
                differences.append((step, call["method"], path, reply.text))
    assert differences == []
    assert count == 46


def _shape(value: Any) -> Any:
    """A value with every string replaced by a placeholder."""
    if isinstance(value, dict):
        return {key: _shape(inner) for key, inner in value.items() if key not in INVENTED or inner}
    if isinstance(value, list):
        return [_shape(inner) for inner in value]
    return "text" if isinstance(value, str) and value else value
