"""Replies of another shape than documented: the clients check the outermost, the readers of a reply rely on the
rest."""

from collections.abc import Iterator
from contextlib import contextmanager

from clients.errors import ApiUnreachable
from clients.terminal import VARIABLE, place_of


@contextmanager
def documented_shape() -> Iterator[None]:
    """Around code that reads replies: an error of Python about a value's shape becomes ApiUnreachable."""
    try:
        yield
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        reason = f"a reply has another shape than documented ({place_of(error)})"
        remedy = f"check what answers at the API's address; {VARIABLE}=1 prints the traceback"
        raise ApiUnreachable(reason, remedy) from None
