"""Shows how far the recording is: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from conformance.budget import usd
from conformance.meter import Meter
from conformance.run import Progress as Tell


@contextmanager
def shown(file: TextIO, quiet: bool) -> Iterator[Tell]:
    """A function to tell the progress to, as `conformance.run.record` does."""
    if quiet:
        yield _silent
    elif file.isatty():
        with _bar(file) as tell:
            yield tell
    else:
        yield _lines(file)


def _silent(done: int, total: int, meter: Meter) -> None:
    del done, total, meter


def words(meter: Meter) -> str:
    """What was sent so far, what is under way, what was lost, and the cost."""
    parts = [
        f"{meter.requests - meter.in_flight} exchanges",
        *([f"{meter.in_flight} in flight"] if meter.in_flight else []),
        *([f"{meter.unanswered} without an answer"] if meter.unanswered else []),
        *([usd(meter.cost_usd)] if meter.is_priced else []),
    ]
    return ", ".join(parts)


@contextmanager
def _bar(file: TextIO) -> Iterator[Tell]:
    columns = (
        TextColumn("recording"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
    )
    with Progress(*columns, console=Console(file=file), transient=True) as bar:
        task = bar.add_task("")
        yield lambda done, total, meter: bar.update(
            task, completed=done, total=total, description=words(meter)
        )


def _lines(file: TextIO) -> Tell:
    """A line for every quarter of the work."""
    printed = 0

    def tell(done: int, total: int, meter: Meter) -> None:
        nonlocal printed
        quarters = done * 4 // total if total else 4
        if quarters > printed:
            printed = quarters
            line = f"recording: {done} of {total} scenarios, {words(meter)}"
            print(line, file=file, flush=True)

    return tell
