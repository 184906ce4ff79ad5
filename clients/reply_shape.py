"""Replies of another shape than documented: the clients check the outermost, the readers of a reply rely on the
rest."""

from collections.abc import Iterator
from contextlib import contextmanager

from clients.errors import ApiUnreachable
from clients.terminal import VARIABLE, place_of


@contextmanager
def documented_shape(what: str = "a reply", look: str = "check what answers at the API's address") -> Iterator[None]:
    """Around code that reads replies: an error of Python about a value's shape becomes ApiUnreachable.

    `what` is read there, and `look` says what to do about one of another shape.
    """
    try:
        yield
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        reason = f"{what} has another shape than documented ({place_of(error)})"
        raise ApiUnreachable(reason, f"{look}; {VARIABLE}=1 prints the traceback") from None
