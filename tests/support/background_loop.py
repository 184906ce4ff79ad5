"""An event loop in a thread of its own, beside a test that is not a coroutine."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any

Work = Callable[[Callable[[], None]], Coroutine[Any, Any, None]]


@contextmanager
def in_background(work: Work) -> Iterator[None]:
    """Runs `work(ready)`: the block begins when it calls `ready`, and at the end of the block it is cancelled.

    Raises what ends it before.
    """
    loop, started = asyncio.new_event_loop(), Future[None]()

    async def run() -> None:
        try:
            await work(lambda: started.set_result(None))
        except Exception as error:
            if started.done():
                raise
            started.set_exception(error)

    task = loop.create_task(run())
    thread = threading.Thread(target=_run, args=(loop, task), daemon=True)
    thread.start()
    try:
        started.result(60)
        yield
    finally:
        loop.call_soon_threadsafe(task.cancel)
        thread.join(60)


def _run(loop: asyncio.AbstractEventLoop, task: asyncio.Task[None]) -> None:
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(_finished(task))


async def _finished(task: asyncio.Task[None]) -> None:
    await asyncio.wait({task})
