"""Text of any origin is quoted: nothing in it renders, mentions an account, or ends its quotation."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from scripts.markdown import MAX_LENGTH, cut_lines, decode, fenced, inline_code, visible

HOSTILE = st.text(st.sampled_from("`~\r\n \t<@a>-\x1b[]m\x07\u202e\ud800\x00|#*")) | st.text()


def _block(markdown: str) -> str:
    """The content of the only block, which is a code block."""
    (token,) = MarkdownIt("commonmark").parse(markdown)
    assert token.type == "fence"
    return token.content.removesuffix("\n")


@given(HOSTILE, st.integers(30, 200))
def test_any_text_stays_within_one_code_block(text: str, length: int) -> None:
    shown, complete = fenced(text, length)
    content = _block(shown)
    assert complete == (content == visible(text).rstrip())
    assert visible(text).startswith(content)
    assert len(shown) <= length + 20


@pytest.mark.parametrize(
    "text",
    [
        "```\n@owner <b>approved</b>",
        "~~~~\n@owner",
        "   ``````\n# heading",
        "`" * 200_000,
        ("`" * 7 + "\n") * 30_000,
        "a" * 200_000,
        "line\n" * 30_000,
    ],
)
def test_a_text_that_is_cut_keeps_its_fence_closed(text: str) -> None:
    shown, complete = fenced(text, MAX_LENGTH)
    content = _block(shown)
    assert complete == (len(text) < MAX_LENGTH)
    # A text of nothing but backticks gets a third: its fence takes the rest.
    assert len(content) > min(len(text), MAX_LENGTH // 3) - 100
    assert len(shown) < 65_536


def test_a_long_text_is_cut_after_a_line() -> None:
    assert cut_lines("one\ntwo\nthree", 9) == "one\ntwo"
    assert cut_lines("one\ntwo\n", 7) == "one\ntwo"
    assert cut_lines("onetwo", 3) == "one"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[1m\x1b[38;5;2m+ created\x1b[0m", "+ created"),
        ("\x1b]0;title\x07text", "text"),
        ("a\x00b\x08c\x7fd", "a\\u{0}b\\u{8}c\\u{7f}d"),
        ("admin\u202enimda", "admin\\u{202e}nimda"),
        ("zero\u200bwidth\u2028line", "zero\\u{200b}width\\u{2028}line"),
        ("é → 漢\t✓\n", "é → 漢\t✓\n"),
    ],
)
def test_control_sequences_are_removed_and_invisible_characters_shown(text: str, shown: str) -> None:
    assert visible(text) == shown


@given(st.binary())
def test_any_bytes_can_be_decoded_and_encoded_again(data: bytes) -> None:
    text = decode(data)
    assert "\r" not in text
    text.encode("utf-8")


@given(HOSTILE)
def test_inline_code_is_one_code_span(text: str) -> None:
    (token,) = MarkdownIt("commonmark").parseInline(f"by {inline_code(text)}.")
    assert [child.type for child in token.children or []] == ["text", "code_inline", "text"]
