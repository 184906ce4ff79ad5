"""E-mail addresses."""

import re

LOCAL_PART = r"[^\s@,;:<>\"()*]{1,64}"
"""The part before the @, without the characters that only a quoted one may have, and without *."""


def bare_address(text: str) -> str | None:
    """The address in `Ann <ann@example.com>` or `mailto:ann@example.com`; None where there is none."""
    match = re.search(rf"(?:<|mailto:)({LOCAL_PART}@[^\s@<>]+?)>?$", text)
    return match[1] if match else None
