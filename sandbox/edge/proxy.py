"""One request through a tunnel: out on a connector's connection, its answer back to the visitor."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine

from sandbox.edge import error_pages
from sandbox.edge.connection_pool import Line
from sandbox.edge.http1 import Conversation, Gone
from sandbox.edge.tunnel_connection import Answer, Lost, Stream
from sandbox.edge.visitor_request import Visit

_THIS_HOP = frozenset({b"connection", b"keep-alive", b"transfer-encoding", b"server"})


async def carry(visit: Visit, conversation: Conversation, line: Line) -> None:
    """Answers the visitor from the origin behind `line`, or with page 502 where the origin or the connector is gone.

    Raises Gone where the visitor leaves first, or where the answer breaks off and the visitor can only be told so by a
    closed connection.
    """
    switching = visit.upgrade == b"websocket" and not visit.has_body
    ends = not visit.has_body and not switching
    try:
        stream = line.link.request(visit.method, visit.authority, visit.target, visit.onward(), ends, switching)
    except Lost:
        await error_pages.show(error_pages.bad_gateway("the connector is gone"), visit, conversation)
        return
    try:
        await (_switch if switching else _plain)(visit, conversation, stream)
    finally:
        stream.close()


async def _plain(visit: Visit, conversation: Conversation, stream: Stream) -> None:
    async def upload() -> None:
        alive = visit.has_body
        async for part in conversation.body():
            if alive:
                with contextlib.suppress(Lost):
                    await stream.send(part)
                    continue
            alive = False  # the origin has answered without waiting for the rest
        if alive:
            with contextlib.suppress(Lost):
                await stream.send(end=True)
        await conversation.gone()

    async with _together(upload(), _download(visit, conversation, stream)) as (uploading, downloading):
        await asyncio.wait({uploading, downloading}, return_when=asyncio.FIRST_COMPLETED)
        if not downloading.done():
            await uploading
            raise Gone
        await downloading


async def _switch(visit: Visit, conversation: Conversation, stream: Stream) -> None:
    async for _ in conversation.body():
        pass
    try:
        answer = await stream.answer()
    except Lost:
        await error_pages.show(error_pages.bad_gateway("the connector is gone"), visit, conversation)
        return
    if not any(name.lower() == b"upgrade" for name, _ in answer.headers):
        await _answer(visit, conversation, stream, answer)
        return
    await conversation.switch([*answer.headers, *error_pages.marks(visit)])

    async def up() -> None:
        with contextlib.suppress(Lost, Gone):
            while data := await conversation.read():
                await stream.send(data)
            await stream.send(end=True)

    async def down() -> None:
        with contextlib.suppress(Lost):
            async for part in stream.body():
                await conversation.write(part)

    async with _together(up(), down()) as (_, downwards):
        await downwards
    raise Gone


async def _download(visit: Visit, conversation: Conversation, stream: Stream) -> None:
    try:
        answer = await stream.answer()
    except Lost:
        await error_pages.show(
            error_pages.bad_gateway("the connector went away before it answered"), visit, conversation
        )
        return
    await _answer(visit, conversation, stream, answer)


async def _answer(visit: Visit, conversation: Conversation, stream: Stream, answer: Answer) -> None:
    """Passes a plain answer on."""
    if answer.unreachable:
        await error_pages.show(error_pages.bad_gateway("the connector cannot reach the service"), visit, conversation)
        return
    headers = [(name, value) for name, value in answer.headers if name.lower() not in _THIS_HOP]
    await conversation.begin(answer.status, [*headers, *error_pages.marks(visit)])
    try:
        async for part in stream.body():
            await conversation.more(part)
    except Lost as lost:
        raise Gone from lost
    await conversation.end(stream.trailers)


@contextlib.asynccontextmanager
async def _together(*work: Coroutine[None, None, None]) -> AsyncIterator[list[asyncio.Task[None]]]:
    """The work as tasks, none of which outlives the block."""
    tasks = [asyncio.create_task(each) for each in work]
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
