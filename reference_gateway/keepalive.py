"""A stream that is silent for long says so, lest somebody on the way takes it for dead."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

from reference_gateway.wire import Frame


async def kept_alive(
    frames: AsyncIterator[Frame], every_s: float, ping: Frame
) -> AsyncIterator[Frame]:
    """Pass the frames on, and a ping whenever none has come for so many seconds.

    The frames are produced by a task of their own, at most one ahead, so that waiting for
    one can be given up and taken up again without harm to whoever produces it.
    """
    waiting: asyncio.Queue[Frame | None] = asyncio.Queue()
    producing = asyncio.create_task(_produced(frames, waiting))
    try:
        while True:
            try:
                async with asyncio.timeout(every_s):
                    frame = await waiting.get()
            except TimeoutError:
                await asyncio.sleep(0)  # A loop that was held up may have a frame by now.
                if waiting.empty():
                    yield ping
                continue
            waiting.task_done()
            if frame is None:
                break
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
