"""Whether the sandbox applies network policies to its connectors: `CULVERT_SANDBOX_POLICY`."""

import os

from sandbox.errors import SandboxError

VARIABLE = "CULVERT_SANDBOX_POLICY"
_CHOICES = ("on", "off")


def is_enforced() -> bool:
    """Whether network policies are to apply, as `CULVERT_SANDBOX_POLICY` (`on`, the default, or `off`) decides.

    Raises `SandboxError` for any other value.
    """
    choice = os.environ.get(VARIABLE, "on")
    if choice not in _CHOICES:
        accepted = " or ".join(_CHOICES)
        raise SandboxError(
            f"{VARIABLE} is {choice!r}; must be one of {', '.join(_CHOICES)}",
            key=VARIABLE,
            value=choice,
            accepted=accepted,
        )
    return choice == "on"
