"""Text that others wrote, fit for a terminal: nothing in it acts on the terminal, and it is short."""

import re

MAX_LINES = 40
"""A screen."""

# Control characters except line breaks, and what is invisible or reverses the direction of the text around it.
_ACTING = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")


def escaped(text: str) -> str:
    """The text with such characters escaped, as Python writes them: `\\x1b`, `\\u202e`."""
    return _ACTING.sub(lambda match: match[0].encode("unicode_escape").decode(), text)


def shortened(text: str, length: int) -> str:
    """The text, or its beginning where it is longer than `length` characters."""
    return text if len(text) <= length else f"{text[: length - 3]}..."


def screen(text: str) -> str:
    """The text escaped, cut to a screen of lines, each of at most 1,000 characters."""
    lines = escaped(text[: MAX_LINES * 2000]).split("\n")
    more = len(lines) - MAX_LINES
    lines = [*lines[: MAX_LINES - 1], f"... and {more + 1} more lines"] if more > 0 else lines
    return "\n".join(shortened(line, 1000) for line in lines)
