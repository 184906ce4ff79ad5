"""Errors of the sandbox, in the shape that `--json` prints."""

from typing import Any


def error_entry(
    message: str, *, key: str = "", value: object = None, accepted: str = "", source: str = ""
) -> dict[str, Any]:
    """One entry of `{"errors": […]}`.

    `key` names the setting, environment variable, tool or resource at fault, `value` its value, `accepted` what would
    be accepted instead, `source` the page that states the rule. Each but the message may be empty.
    """
    return {"key": key, "value": value, "accepted": accepted, "source": source, "message": message}


class SandboxError(Exception):
    """A single failure, with the fields of `error_entry`."""

    def __init__(
        self, message: str, *, key: str = "", value: object = None, accepted: str = "", source: str = ""
    ) -> None:
        super().__init__(message)
        self.message = message
        self.key = key
        self.value = value
        self.accepted = accepted
        self.source = source

    def entry(self) -> dict[str, Any]:
        """The error as an entry of `{"errors": […]}`."""
        return error_entry(self.message, key=self.key, value=self.value, accepted=self.accepted, source=self.source)
