"""Text of any origin as Markdown: quoted, so that it can neither render, nor mention an account, nor end its
quotation."""

import re
import unicodedata

MAX_LENGTH = 60_000
"""Characters of a text; GitHub's limit for a comment or an issue is 65,536."""

_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\^_])")
"""Colours, cursor movements and titles of a terminal: https://ecma-international.org/publications-and-standards/standards/ecma-48/"""

_HIDDEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
"""Unicode's categories of characters that show nothing, or change how the characters around them are shown."""


def decode(data: bytes) -> str:
    """UTF-8, with a replacement character for each invalid byte. Lines end in `\\n`."""
    return data.decode("utf-8", errors="replace").replace("\r\n", "\n").replace("\r", "\n")


def visible(text: str) -> str:
    """The text without a terminal's control sequences; another invisible character is replaced by its code."""
    return "".join(map(_visible, _ANSI.sub("", text)))


def _visible(character: str) -> str:
    if character in "\n\t" or unicodedata.category(character) not in _HIDDEN:
        return character
    return f"\\u{{{ord(character):x}}}"


def cut_lines(text: str, length: int) -> str:
    """The text up to `length` characters, cut after a whole line if it has one."""
    text = text.rstrip()
    if len(text) <= length:
        return text
    return text[: text.rfind("\n", 0, length + 1)].rstrip() if "\n" in text[: length + 1] else text[:length]


def fenced(text: str, length: int) -> tuple[str, bool]:
    """A code block with the text, of at most about `length` characters, and whether all of the text is in it.

    Its fence is longer than any in the text (https://spec.commonmark.org/0.31.2/#fenced-code-blocks), so that nothing
    in the text ends it. In a code block GitHub renders no HTML and sends no notification for a mention.
    """
    shown = visible(text)
    # Both fences count: a text of nothing but backticks gets a third of the length.
    shown = cut_lines(shown, length - 2 * min(len(_fence(shown)), length // 3))
    fence = _fence(shown)
    return f"{fence}text\n{shown}\n{fence}", shown == visible(text).rstrip()


def inline_code(text: str) -> str:
    """The text as code within a line."""
    line = visible(text).replace("\n", " ").replace("`", "'").strip()
    return f"`{line or '?'}`"


def _fence(text: str) -> str:
    return "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
