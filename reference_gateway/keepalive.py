"""A stream that is silent for long says so, lest somebody on the way takes it for dead."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import suppress

from reference_gateway.wire import Frame


async def kept_alive(
    frames: AsyncIterator[Frame], every_s: float, ping: Frame
) -> AsyncGenerator[Frame]:
    """Pass the frames on, and a ping whenever none has come for so many seconds.

    Never before the first frame: what fails until then is refused with a status of its own.
    The frames are produced by a task of their own, at most one ahead, so that waiting for
    one can be given up and taken up again without harm to whoever produces it.
    """
    waiting: asyncio.Queue[Frame | None] = asyncio.Queue()
    producing = asyncio.create_task(_produced(frames, waiting))
    has_begun = False
    try:
        while True:
            try:
                async with asyncio.timeout(every_s if has_begun else None):
                    frame = await waiting.get()
            except TimeoutError:
                await asyncio.sleep(0)  # A loop that was held up may have a frame by now.
                if waiting.empty():
                    yield ping
                continue
            waiting.task_done()
            if frame is None:
                break
            has_begun = True
            yield frame
        await producing
    finally:
        producing.cancel()
        with suppress(asyncio.CancelledError):
            await producing


async def _produced(frames: AsyncIterator[Frame], waiting: asyncio.Queue[Frame | None]) -> None:
    try:
        async for frame in frames:
            waiting.put_nowait(frame)
            await waiting.join()
    finally:
        waiting.put_nowait(None)
