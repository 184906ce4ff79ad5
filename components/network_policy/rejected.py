"""The error for arguments that a network policy rejects."""

from components.argument_check import ArgumentError, ArgumentMistake


def rejected(*mistakes: ArgumentMistake) -> ArgumentError:
    """The error for these mistakes in the arguments of a NetworkPolicy."""
    return ArgumentError("NetworkPolicy", mistakes)
