"""Connector tokens in error messages."""

import base64

import pytest

from settings import Settings, SettingsError
from tests.support.settings_examples import TOKEN, values, variable


def test_no_message_repeats_a_token() -> None:
    for given in (variable(name="A", value=TOKEN), values(whatever={"deep": [TOKEN]}), values(accountId=TOKEN)):
        with pytest.raises(SettingsError, match="hidden") as refusal:
            Settings.parse(given)
        assert TOKEN not in str(refusal.value)
        assert TOKEN not in str(refusal.value.issues)


def test_a_value_that_decodes_to_deeply_nested_json_is_not_a_token() -> None:
    deep = base64.b64encode(b"[" * 200_000).decode()
    assert Settings.parse(variable(name="A", value=deep)).connector.extra_env[0]["value"] == deep
