"""Names of stacks: objects of the cluster are named after them."""

import pytest

from settings import SettingsError, base_name


@pytest.mark.parametrize("stack", ["dev", "prod-2", "x" * 42])
def test_a_name_that_objects_can_have_is_accepted(stack: str) -> None:
    assert base_name("culvert", stack) == f"culvert-{stack}"


@pytest.mark.parametrize("stack", ["Prod", "a_b", "a.b", "dev-", "x" * 43, "a\n", "ü"])
def test_any_other_name_is_rejected(stack: str) -> None:
    with pytest.raises(SettingsError, match="lower-case letters, digits and hyphens") as refused:
        base_name("culvert", stack)
    assert [issue.key for issue in refused.value.issues] == ["stack"]
