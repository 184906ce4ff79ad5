"""Text that others wrote does not act on the terminal and is at most a screen long; JSON of others has limits."""

import pytest

from settings import json_text
from settings.plain_text import MAX_LINES, escaped, screen


def test_characters_that_act_on_a_terminal_are_escaped() -> None:
    assert escaped("a\x1b[31m\r\x7f\x9b\u202e\ud800é→\nb") == "a\\x1b[31m\\r\\x7f\\x9b\\u202e\\ud800é→\nb"


def test_a_screen_has_a_limit_of_lines_and_of_their_length() -> None:
    assert screen("one\ntwo") == "one\ntwo"
    assert screen("\n" * 100).split("\n")[MAX_LINES - 1] == "... and 62 more lines"
    assert len(screen("x" * 1_000_000)) == 1000


@pytest.mark.parametrize(
    "text", ["[" * 100_000, "[" * 65 + "]" * 65, "NaN", "[Infinity]", '"\\uD800"', "9" * 5000, "{"]
)
def test_json_that_cannot_be_processed_is_a_value_error(text: str) -> None:
    for given in (text, text.encode()):
        with pytest.raises(ValueError, match=r"\S"):
            json_text.loads(given)


def test_json_is_read() -> None:
    assert json_text.loads('{"a": ["\\ud83d\\ude00", 1.5, null]}') == {"a": ["😀", 1.5, None]}
    assert json_text.loads("[" * 64 + "]" * 64)
