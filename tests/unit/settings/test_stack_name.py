"""Names of stacks: objects of the cluster are named after them."""

from pathlib import Path

import pytest

from settings import base_name, check_name, stack_name
from tests.support.settings_examples import rejection


@pytest.mark.parametrize("stack", ["dev", "prod-2", "x" * 42])
def test_a_name_that_objects_can_have_is_accepted(stack: str) -> None:
    assert base_name("culvert", stack) == f"culvert-{stack}"


@pytest.mark.parametrize("stack", ["Prod", "a_b", "a.b", "dev-", "x" * 43, "a\n", "ü"])
def test_any_other_name_is_rejected(stack: str) -> None:
    assert [issue.key for issue in rejection(base_name, "culvert", stack).issues] == ["stack"]


def test_a_name_that_kubernetes_reserves_is_rejected_for_a_stack_as_for_an_exposure() -> None:
    rejection(base_name, "kube", "dev")
    rejection(check_name, "kube-dev")


def test_a_name_begins_with_a_letter_as_that_of_a_service() -> None:
    rejection(check_name, "1st")


@pytest.mark.parametrize(
    ("stack", "config", "name"),
    [
        (None, None, "dev"),
        (None, "stacks/Pulumi.prod-2.yml", "prod-2"),
        (None, "other.yaml", "dev"),
        ("staging", "Pulumi.prod.yaml", "staging"),
    ],
)
def test_the_name_is_the_given_one_else_that_of_the_file_else_dev(
    stack: str | None, config: str | None, name: str
) -> None:
    assert stack_name(stack, Path(config) if config else None) == name
