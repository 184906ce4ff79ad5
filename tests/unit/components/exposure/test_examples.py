"""All that the program registers for each example stack, as it was when it was last reviewed."""

import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from tests.support.created_stack import EXAMPLES, example_name, record_program
from tests.support.mock_recorder import Deploy, Registered
from tests.support.paths import PROJECT
from tests.support.snapshot import assert_matches


def described(resource: Registered) -> dict[str, Any]:
    """What was registered, with secrets hidden, without what is empty."""
    fields = {**asdict(resource), "inputs": json.loads(resource.shown)}
    lists = {key: sorted(value) if isinstance(value, frozenset) else value for key, value in fields.items()}
    return {key: value for key, value in lists.items() if value and key not in ("shown", "type", "name")}


@pytest.mark.parametrize(
    "file", [*EXAMPLES, PROJECT / "Pulumi.dev.yaml", PROJECT / "Pulumi.prod.yaml"], ids=example_name
)
def test_an_example_registers_what_it_registered_before(deploy: Deploy, file: Path) -> None:
    recorded = record_program(deploy, file, "dev")
    resources = {f"{each.type} {each.name}": described(each) for each in recorded.resources}
    found = {"resources": resources, "components": sorted(recorded.components), "lookups": recorded.invokes}
    text = json.dumps(found, ensure_ascii=False, indent=1, sort_keys=True)
    # A sealed secret is another one each time.
    assert_matches(f"registered/{example_name(file)}.json", re.sub(r'"Ag[\w+/=]{100,}"', '"[sealed]"', text) + "\n")
