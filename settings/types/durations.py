"""Durations in whole seconds, as cloudflared writes them."""

import re

_DURATION = re.compile(r"(?=.)(?:([0-9]+)h)?(?:([0-9]+)m)?(?:([0-9]+)s)?")


def whole_seconds(text: str) -> int | None:
    """Seconds of a duration such as 30s, 2m or 1m30s; None of any other string."""
    match = _DURATION.fullmatch(text)
    if not match:
        return None
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return hours * 3600 + minutes * 60 + seconds
