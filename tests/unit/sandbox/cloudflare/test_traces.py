"""What the official plugins were recorded to ask (`tests/fixtures/traces`) is answered here as it was there."""

import json
from typing import Any

from tests.support.emulator import Emulator
from tests.support.paths import TRACES

STEPS = ("create", "noop", "refresh", "change", "rotate", "rename", "destroy")
RECORDED_ZONE = "61019e82473e2926d28b8c0319cd097b"
INVENTED = {"description"}
"""What the recording server made up in a notification policy: shown without being sent, it is a difference for ever."""


def test_every_recorded_call_is_answered_with_the_recorded_status_and_shape(emulator: Emulator) -> None:
    zone = {"id": RECORDED_ZONE, "name": "example.test", "account": "0123456789abcdef0123456789abcdef"}
    emulator.owner("POST", "/seed", {"zones": [zone]})
    known: dict[str, str] = {}
    differences, count = [], 0
    for step in STEPS:
        for call in json.loads((TRACES / f"{step}.json").read_text()):
            path, body = _translated(call["path"], known), json.loads(_translated(json.dumps(call["body"]), known))
            reply = emulator.call(call["method"], path.removeprefix("/client/v4"), body)
            answer = reply.json() if reply.content else ""
            _learn(call["reply"], answer, known)
            count += 1
            if (reply.status_code, _shape(answer)) != (call["status"], _shape(call["reply"])):
                differences.append((step, call["method"], path, reply.text))
    assert differences == []
    assert count == 46


def _translated(text: str, known: dict[str, str]) -> str:
    for recorded, mine in known.items():
        text = text.replace(recorded, mine)
    return text


def _learn(recorded: Any, mine: Any, known: dict[str, str]) -> None:
    """Pairs what was made up there with what was made up here: identifiers, tokens."""
    if isinstance(recorded, dict) and isinstance(mine, dict):
        for key in recorded.keys() & mine.keys():
            _learn(recorded[key], mine[key], known)
    elif isinstance(recorded, list) and isinstance(mine, list):
        for one, other in zip(recorded, mine, strict=False):
            _learn(one, other, known)
    elif isinstance(recorded, str) and isinstance(mine, str) and recorded != mine and len(recorded) >= 32:
        known[recorded] = mine


def _shape(value: Any) -> Any:
    """A value without what differs by chance: numbers and flags as they are, texts only as texts."""
    if isinstance(value, dict):
        return {key: _shape(inner) for key, inner in value.items() if key not in INVENTED or inner}
    if isinstance(value, list):
        return [_shape(inner) for inner in value]
    return "text" if isinstance(value, str) and value else value
