"""Texts as they were when they were last reviewed, in `tests/fixtures`; CULVERT_SNAPSHOTS=write writes them anew."""

import json
import os
from collections import Counter
from typing import Any

from tests.support.paths import FIXTURES

_MESSAGES = FIXTURES / "messages"
_HINT = "If the new message is right, CULVERT_SNAPSHOTS=write and this test write it (in one process: pytest -n 0)"
_compared: Counter[str] = Counter()
"""How many messages each test compared already."""


def assert_matches(name: str, text: str) -> None:
    """Asserts that `text` is the content of the snapshot `name`, such as `rehearsals/stacks.md`."""
    file = FIXTURES / name
    if _is_writing():
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")


def assert_message_matches(*parts: str) -> None:
    """Asserts that a message's parts are those that the running test's snapshot has, in the order of the calls."""
    module, _, test = os.environ["PYTEST_CURRENT_TEST"].removesuffix(" (call)").partition("::")
    file = _MESSAGES / f"{module.removeprefix('tests/unit/').removesuffix('.py').replace('/', '-')}.json"
    messages: dict[str, list[list[str]]] = json.loads(file.read_text("utf-8")) if file.exists() else {}
    index = _compared[f"{module}::{test}"]
    _compared[f"{module}::{test}"] += 1
    if _is_writing():
        messages[test] = [*messages.get(test, [])[:index], [*parts]]
        file.write_text(_json(messages), encoding="utf-8")
    assert [[*parts]] == messages.get(test, [])[index : index + 1], _HINT


def _json(messages: Any) -> str:
    return json.dumps(messages, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _is_writing() -> bool:
    return os.environ.get("CULVERT_SNAPSHOTS") == "write"
