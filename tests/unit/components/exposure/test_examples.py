"""All that the program registers for each example stack."""

from pathlib import Path

import pytest

from tests.support.created_stack import EXAMPLES, example_name, record_program
from tests.support.mock_recorder import Deploy
from tests.support.paths import PROJECT
from tests.support.registered import assert_registered


@pytest.mark.parametrize(
    "file", [*EXAMPLES, PROJECT / "Pulumi.dev.yaml", PROJECT / "Pulumi.prod.yaml"], ids=example_name
)
def test_an_example_registers_what_it_registered_before(deploy: Deploy, file: Path) -> None:
    assert_registered(example_name(file), record_program(deploy, file, "dev"))
