"""Names of stacks: objects of the cluster are named after them."""

from pathlib import Path

import pytest

from settings import SettingsError, base_name, check_name, stack_name


@pytest.mark.parametrize("stack", ["dev", "prod-2", "x" * 42])
def test_a_name_that_objects_can_have_is_accepted(stack: str) -> None:
    assert base_name("culvert", stack) == f"culvert-{stack}"


@pytest.mark.parametrize("stack", ["Prod", "a_b", "a.b", "dev-", "x" * 43, "a\n", "ü"])
def test_any_other_name_is_rejected(stack: str) -> None:
    with pytest.raises(SettingsError, match="lower-case letters, digits and hyphens") as refused:
        base_name("culvert", stack)
    assert [issue.key for issue in refused.value.issues] == ["stack"]


def test_a_name_that_kubernetes_reserves_is_rejected_for_a_stack_as_for_an_exposure() -> None:
    with pytest.raises(SettingsError, match=r"would be named kube-dev.+not with kube-"):
        base_name("kube", "dev")
    with pytest.raises(SettingsError, match="not with kube-"):
        check_name("kube-dev")


def test_a_name_begins_with_a_letter_as_that_of_a_service() -> None:
    with pytest.raises(SettingsError, match="beginning with a letter"):
        check_name("1st")


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
