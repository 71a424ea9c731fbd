"""What clients do under each fault: `python -m tests.impact.measure [SLUG...] [--write]`.

Only what is missing is measured, and what was measured with another version of a client;
with `--all` everything. With `--write` it goes into `reports/impact.toml`, fault by fault,
so that a run that is ended loses little. Clients have to be installed.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic

from conformance.clients.catalogue import Client
from conformance.impact import Effect, Impact, Impacts, Sighting, read
from conformance.kinds import Protocol
from reference_gateway.faults import FAULTS
from tests.faults.proof import protocols
from tests.impact.cells import FAILING, REFUSED, Cell, Healthy, cells, clients, concerned
from tests.impact.classifying import Work, effect, words
from tests.impact.gateways import Place, serving
from tests.impact.replaying import Answer, answer
from tests.impact.table import FILE, Table, is_shown, kept
from tests.impact.working import Workers, ready

AT_ONCE = 6
"""Faults that are measured side by side: most clients wait for something."""

REPLAYED_AT_ONCE = 4


@dataclass(frozen=True)
class Sound:
    """What clients do and are sent without a fault."""

    healthy: Mapping[Cell, Healthy]
    answers: Mapping[Cell, Sequence[Answer]]


def main(arguments: list[str]) -> int:
    """Measure, print, write; 2 where a client is not installed."""
    asked = _parser().parse_args(arguments)
    chosen = [c for c in clients() if not asked.client or c.name in asked.client]
    before = read(FILE.read_text(encoding="utf-8")) if FILE.exists() else Impacts()
    slugs = asked.slugs or [slug for slug in FAULTS if is_shown(slug)]
    table = Table(kept(before, chosen, asked.all and not asked.slugs), asked.write)
    table.again = frozenset(slugs if asked.all or asked.slugs else ())
    try:
        asyncio.run(_measured(slugs, chosen, table))
    except KeyError as error:
        print(f"not installed: {error.args[0]}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.impact.measure")
    parser.add_argument("slugs", nargs="*", metavar="SLUG", help="these faults, measured anew")
    parser.add_argument("--client", action="append", metavar="NAME", help="these clients only")
    parser.add_argument("--all", action="store_true", help="everything anew")
    parser.add_argument("--write", action="store_true", help="into reports/impact.toml")
    return parser


async def _measured(slugs: Sequence[str], chosen: Sequence[Client], table: Table) -> None:
    wanted = {slug: missing for slug in slugs if (missing := table.missing(slug, chosen))}
    unheard = [c for c in chosen if c.name not in table.impacts.sound.measured]
    needed = [c for c in chosen if c in unheard or any(c in m for m in wanted.values())]
    every = [cell for client in needed for cell in cells(client)]
    slots = asyncio.Semaphore(AT_ONCE)

    async def one(slug: str) -> None:
        async with slots:
            found = await _under(slug, wanted[slug], workers, sound)
        table.add(slug, found)
        _print(slug, found, monotonic() - started)

    started = monotonic()
    async with ready(every) as workers:
        sound = await _sound(every, workers)
        table.add_sound(list(_due(sound)))
        print(
            f"{len(wanted)} faults, {len(every)} tasks, {monotonic() - started:.0f} s", flush=True
        )
        async with asyncio.TaskGroup() as group:
            for slug in wanted:
                group.create_task(one(slug))


def _print(slug: str, found: Impact, seconds: float) -> None:
    counts = Counter(sighting.effect for sighting in found.seen)
    told = ", ".join(f"{count} {effect}" for effect, count in counts.items())
    print(f"{seconds:6.0f} s  {slug}: {told or 'unchanged'}", flush=True)


async def _sound(every: Sequence[Cell], workers: Workers) -> Sound:
    """What each task looks like without a fault; raises AssertionError where it is not sound."""
    async with serving() as place, serving() as second, serving() as third:
        healthy = {cell: await _healthy(cell, place, workers) for cell in every}
        answers = await _answers(second, healthy)
        again = await _answers(third, healthy)
    for cell in every:
        pairs = zip(answers[cell], again[cell], strict=True)
        assert all(one.is_like(other) for one, other in pairs), f"{cell} has no steady traffic"
        is_served = all(one.is_served for one in answers[cell])
        assert is_served is not (cell.task in REFUSED), f"{cell}: {answers[cell]}"
    return Sound(healthy, answers)


async def _healthy(cell: Cell, place: Place, workers: Workers) -> Healthy:
    work, through = await workers.work(cell, place)
    assert work.has_ended, cell
    assert bool(work.error) <= (cell.task in FAILING), (cell, work.error)
    assert set(work.runs) == set(cell.assignment.runs), (cell, work)
    asked = tuple(exchange.request for exchange in through.exchanges("healthy"))
    return Healthy(work, asked, place.key)


def _due(sound: Sound) -> Iterable[Sighting]:
    """The errors that clients show where an error is the right end."""
    for cell, healthy in sound.healthy.items():
        if healthy.work.error:
            told = words(healthy.work.error)
            yield Sighting(cell.name, cell.protocol, cell.task, Effect.ERROR, told)


async def _answers(
    place: Place, healthy: Mapping[Cell, Healthy]
) -> Mapping[Cell, Sequence[Answer]]:
    """The answers to the recorded requests; those of a client in their order."""
    found: dict[Cell, Sequence[Answer]] = {}
    slots = asyncio.Semaphore(REPLAYED_AT_ONCE)

    async def of(name: str) -> None:
        async with slots:
            for cell, known in healthy.items():
                if cell.name == name:
                    found[cell] = [
                        await answer(request, place.site, known.key, place.key)
                        for request in known.requests
                    ]

    async with asyncio.TaskGroup() as group:
        for name in {cell.name for cell in healthy}:
            group.create_task(of(name))
    return found


async def _under(slug: str, missing: Sequence[Client], workers: Workers, sound: Sound) -> Impact:
    """What these clients do under one fault."""
    names = {client.name for client in missing}
    spoken = protocols([slug]) or tuple(Protocol)
    healthy = {
        cell: known
        for cell, known in sound.healthy.items()
        if cell.name in names and cell.protocol in spoken
    }
    async with serving(slug) as place:
        answers = dict(await _answers(place, healthy))
        # On a busy machine an answer may come late for no fault of the gateway.
        answers |= await _answers(
            place,
            {
                cell: healthy[cell]
                for cell in healthy
                if not _same(answers[cell], sound.answers[cell])
            },
        )
    changed = {cell: not _same(answers[cell], sound.answers[cell]) for cell in healthy}
    tried = {c.name: concerned([x for x in healthy if x.name == c.name], changed) for c in missing}
    unchanged = frozenset(name for name, found in tried.items() if not found)
    if unchanged == names:
        return Impact(unchanged)
    async with serving(slug) as place, asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(_seen(tried[c.name], p, place, workers, sound))
            for c in missing
            for p in c.protocols
        ]
    return Impact(unchanged, tuple(sighting for task in tasks for sighting in task.result()))


def _same(found: Sequence[Answer], sound: Sequence[Answer]) -> bool:
    return all(one.is_like(other) for one, other in zip(found, sound, strict=True))


async def _seen(
    tried: Iterable[Cell], protocol: str, place: Place, workers: Workers, sound: Sound
) -> list[Sighting]:
    """What a client does with one task after the other, until it hangs."""
    seen: list[Sighting] = []
    for cell in (cell for cell in tried if cell.protocol == protocol):
        healthy = sound.healthy[cell].work
        work, _ = await workers.work(cell, place)
        if effect(healthy, work)[0] is Effect.HANG:
            # On a busy machine once proves nothing.
            work, _ = await workers.work(cell, place)
        seen.append(_sighting(cell, healthy, work))
        if not work.has_ended:
            break
    return seen


def _sighting(cell: Cell, healthy: Work, work: Work) -> Sighting:
    found, words = effect(healthy, work)
    more = work.requests if work.requests > healthy.requests and not work.over_cap else 0
    return Sighting(cell.name, cell.protocol, cell.task, found, words, more)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
