"""All that a program registered, compared with what it was when it was last reviewed."""

import json
import re
from dataclasses import asdict
from typing import Any

from tests.support.mock_recorder import Recorded, Registered
from tests.support.snapshot import assert_matches


def assert_registered(name: str, recorded: Recorded) -> None:
    """Asserts that the resources, components and look-ups are those of the snapshot `name`."""
    resources = {f"{each.type} {each.name}": _described(each) for each in recorded.resources}
    # The order depends on when inputs are known.
    lookups = sorted(recorded.invokes, key=lambda each: json.dumps(each, sort_keys=True))
    components = {each: _component(each, recorded) for each in recorded.components}
    found = {"resources": resources, "components": components, "lookups": lookups}
    text = json.dumps(found, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    # A token is sealed in another way each time, and images are updated by a bot.
    text = re.sub(r'"Ag[\w+/=]{100,}"', '"[sealed]"', text)
    assert_matches(f"registered/{name}.json", re.sub(r'"[\w./-]+:[\w.]+@sha256:\w{64}"', '"[image]"', text))


def _component(component: str, recorded: Recorded) -> dict[str, Any]:
    return {"parent": recorded.parents[component], "outputs": json.loads(recorded.shown_outputs[component])}


def _described(resource: Registered) -> dict[str, Any]:
    """Inputs, with secrets hidden, and options, without those that are empty."""
    fields = {**asdict(resource), "inputs": json.loads(resource.shown)}
    sorted_fields = {key: sorted(value) if isinstance(value, frozenset) else value for key, value in fields.items()}
    return {key: value for key, value in sorted_fields.items() if value and key not in ("shown", "type", "name")}
