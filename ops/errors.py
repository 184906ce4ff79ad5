"""The error that ends a command."""


class OperatorError(Exception):
    """The command cannot do its work; the message is one line that says why and, where possible, what to do."""
