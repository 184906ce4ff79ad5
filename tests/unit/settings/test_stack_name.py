"""What a stack may be called: objects of the cluster are named after it."""

import pytest

from settings import SettingsError, base_name


@pytest.mark.parametrize("stack", ["dev", "prod-2", "x" * 42])
def test_a_stack_that_objects_can_be_named_after_is_taken(stack: str) -> None:
    assert base_name("culvert", stack) == f"culvert-{stack}"


@pytest.mark.parametrize("stack", ["Prod", "a_b", "a.b", "dev-", "x" * 43, "a\n", "ü"])
def test_another_name_is_refused_with_what_is_accepted(stack: str) -> None:
    with pytest.raises(SettingsError, match="small letters, digits and hyphens") as refused:
        base_name("culvert", stack)
    assert [mistake.key for mistake in refused.value.mistakes] == ["stack"]
