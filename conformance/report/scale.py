"""The arrivals of a stream drawn to scale, and the same in words.

Places are between 0 and 100, the share of the time from the request to the end of the
body. Events that would fall on each other are one bar, the higher the more they are.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise

BARS = 240
"""So many bars at most: one for each two or three pixels of a wide page."""

_HEIGHT = 30
_LEAST_GAP = 0.15
_MOST_GAPS = 3
_LEAST_BURST = 3
_BURST = 0.01
_LEAST_BURST_S = 0.001


@dataclass(frozen=True)
class Bar:
    """The events that came at one place; `first` to `last` are their numbers."""

    at: float
    height: float
    first: int
    last: int
    is_marked: bool = False


@dataclass(frozen=True)
class Gap:
    """A silence that is long for this stream, before the event `before` (None: the end)."""

    start: float
    width: float
    ms: float
    before: int | None


@dataclass(frozen=True)
class Tick:
    """A time on the axis."""

    at: float
    label: str


@dataclass(frozen=True)
class Scale:
    """A drawing of arrivals, and `words` that say what it shows."""

    bars: tuple[Bar, ...]
    gaps: tuple[Gap, ...]
    ticks: tuple[Tick, ...]
    is_end_marked: bool
    words: str


def scale(
    arrivals_s: Sequence[float], ended_s: float, marked: Collection[int], is_end_marked: bool
) -> Scale:
    """The drawing of a stream whose events arrived at these times."""
    whole_s = max(ended_s, *arrivals_s, 1e-6)
    gaps = _gaps(arrivals_s, whole_s)
    return Scale(
        bars=_bars(arrivals_s, whole_s, marked),
        gaps=gaps,
        ticks=tuple(Tick(share * 100, _time(whole_s * share)) for share in (0, 0.25, 0.5, 0.75, 1)),
        is_end_marked=is_end_marked,
        words=_words(arrivals_s, whole_s, gaps, marked, is_end_marked),
    )


def _bars(arrivals_s: Sequence[float], whole_s: float, marked: Collection[int]) -> tuple[Bar, ...]:
    together: dict[int, list[int]] = {}
    for number, at_s in enumerate(arrivals_s):
        share = min(1.0, max(0.0, at_s / whole_s))
        together.setdefault(round(share * BARS), []).append(number)
    most = max(map(len, together.values()))
    return tuple(
        Bar(
            at=round(100 * place / BARS, 2),
            height=round(_HEIGHT * (0.4 + 0.6 * len(numbers) / most), 1),
            first=numbers[0],
            last=numbers[-1],
            is_marked=any(number in marked for number in numbers),
        )
        for place, numbers in sorted(together.items())
    )


def _gaps(arrivals_s: Sequence[float], whole_s: float) -> tuple[Gap, ...]:
    """The longest silences, in their order in time."""
    times = [0.0, *arrivals_s, whole_s]
    found = [
        Gap(
            start=round(100 * start / whole_s, 2),
            width=round(100 * (end - start) / whole_s, 2),
            ms=(end - start) * 1000,
            before=number if number < len(arrivals_s) else None,
        )
        for number, (start, end) in enumerate(pairwise(times))
        if end - start >= whole_s * _LEAST_GAP
    ]
    longest = sorted(found, key=lambda gap: -gap.ms)[:_MOST_GAPS]
    return tuple(sorted(longest, key=lambda gap: gap.start))


def _words(
    arrivals_s: Sequence[float],
    whole_s: float,
    gaps: tuple[Gap, ...],
    marked: Collection[int],
    is_end_marked: bool,
) -> str:
    count = len(arrivals_s)
    parts = [f"{count} event{'' if count == 1 else 's'} in {_time(whole_s)}"]
    parts += [f"{_time(gap.ms / 1000)} of silence before {_name(gap.before)}" for gap in gaps]
    parts += _burst(arrivals_s, whole_s)
    objects = [f"event {number}" for number in sorted(marked)]
    objects += ["the end of the body"] if is_end_marked else []
    if objects:
        shown = objects[:5]
        more = f" and {len(objects) - 5} more" if len(objects) > 5 else ""
        parts.append(f"marked: {', '.join(shown)}{more}")
    return f"{'; '.join(parts)}."


def _name(before: int | None) -> str:
    return "the end" if before is None else f"event {before}"


def _burst(arrivals_s: Sequence[float], whole_s: float) -> list[str]:
    """The most events that came within a hundredth of the time."""
    within_s = max(whole_s * _BURST, _LEAST_BURST_S)
    most, at, start = 0, 0, 0
    for end, time_s in enumerate(arrivals_s):
        while time_s - arrivals_s[start] > within_s:
            start += 1
        if end - start + 1 > most:
            most, at = end - start + 1, start
    if most < _LEAST_BURST:
        return []
    return [f"at most {most} at once, from event {at} at {_time(arrivals_s[at])}"]


def _time(seconds: float) -> str:
    ms = seconds * 1000
    if ms >= 10_000:
        return f"{seconds:,.1f} s"
    return f"{ms:.1f} ms" if ms < 10 else f"{ms:,.0f} ms"
