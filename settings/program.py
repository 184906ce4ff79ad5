"""Errors of the settings in a program that the engine runs.

Apart from the other errors, because most commands read settings without the engine, and its SDK takes as long to import
as all of the settings.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import pulumi

from settings.errors import SettingsError


class ProgramSettingsError(SettingsError, pulumi.RunError):
    """As a RunError it ends the program with the message alone, without a traceback."""


@contextmanager
def ending_the_program() -> Iterator[None]:
    """Raises a SettingsError of the block as the ProgramSettingsError with the same issues."""
    try:
        yield
    except SettingsError as error:
        raise ProgramSettingsError(error.issues) from None
