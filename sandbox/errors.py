"""What the sandbox says when it cannot go on."""


class SandboxError(Exception):
    """One failure, in the shape that `--json` prints.

    `key` names what was wrong (a setting, an environment variable, a tool), `value` what it was, `accepted` what would do,
    and `source` where the rule comes from; each may be empty where there is nothing to name.
    """

    def __init__(
        self, message: str, *, key: str = "", value: object = None, accepted: str = "", source: str = ""
    ) -> None:
        super().__init__(message)
        self.message = message
        self.key = key
        self.value = value
        self.accepted = accepted
        self.source = source
