"""Connector tokens in error messages."""

import base64

from settings import Settings
from tests.support.settings_examples import TOKEN, rejection, values, variable


def test_no_message_repeats_a_token() -> None:
    for given in (variable(name="A", value=TOKEN), values(whatever={"deep": [TOKEN]}), values(accountId=TOKEN)):
        error = rejection(Settings.parse, given)
        assert TOKEN not in str(error)
        assert TOKEN not in str(error.issues)


def test_a_value_that_decodes_to_deeply_nested_json_is_not_a_token() -> None:
    deep = base64.b64encode(b"[" * 200_000).decode()
    assert Settings.parse(variable(name="A", value=deep)).connector.extra_env[0]["value"] == deep
