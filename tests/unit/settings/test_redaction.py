"""Connector tokens in error messages."""

import pytest

from settings import Settings, SettingsError
from tests.support.settings_examples import TOKEN, values, variable


def test_no_message_repeats_a_token() -> None:
    for given in (variable(name="A", value=TOKEN), values(whatever={"deep": [TOKEN]}), values(accountId=TOKEN)):
        with pytest.raises(SettingsError, match="hidden") as refusal:
            Settings.parse(given)
        assert TOKEN not in str(refusal.value)
        assert TOKEN not in str(refusal.value.issues)
