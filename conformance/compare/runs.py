"""A run folder read back: its verdicts, its recordings, and how much of it there is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from conformance import archive, report, verdicts
from conformance.model import Exchange, Recording, Verdict
from conformance.target import EMBEDDED
from conformance.verdicts import Judged

RECORDINGS = "recordings"


@dataclass(frozen=True)
class Run:
    """What one run found; `unreadable` says which recordings cannot be read, and why."""

    name: str
    folder: Path
    judged: Judged
    recordings: Mapping[str, Recording]
    unreadable: tuple[str, ...] = ()

    @cached_property
    def verdicts(self) -> Mapping[str, Verdict]:
        """The verdicts by id; of an id that was judged again, the last."""
        return {verdict.requirement: verdict for verdict in self.judged.verdicts}

    @cached_property
    def exchanges(self) -> Mapping[str, tuple[Recording, Exchange]]:
        """Every exchange by its id, with the recording that it stands in."""
        return {
            exchange.id: (recording, exchange)
            for recording in self.recordings.values()
            for exchange in recording.exchanges
        }

    @property
    def is_whole(self) -> bool:
        """Whether every verdict of the run is there: a footer, and as many as it counts."""
        counted = sum(self.judged.footer.get("counts", {}).values())
        return not self.judged.is_truncated and counted == len(self.judged.verdicts)

    @property
    def has_report(self) -> bool:
        """Whether the folder holds a report to link to."""
        return (self.folder / report.NAME).is_file()

    def said(self, field: str) -> str:
        """A field of the header; empty where the run does not have it."""
        return str(self.judged.header.get(field, ""))


def load(folder: Path, name: str = "") -> Run:
    """The run in a folder; raises UnreadableFile where there is none."""
    judged = verdicts.read(folder)
    recordings, unreadable = archive.read_readable(folder / RECORDINGS)
    return Run(name or title_of(judged.header), folder, judged, recordings, unreadable)


def title_of(header: Mapping[str, Any]) -> str:
    """What a run is called where the user gives no name: its profile, or its host."""
    if header.get("origin") == EMBEDDED:
        configuration = header.get("configuration") or {}
        return ", ".join(["reference gateway", *map(str, configuration.get("faults", ()))])
    profile, target = str(header.get("profile", "")), str(header.get("target", ""))
    return profile if profile and profile != "generic" else urlsplit(target).netloc or target or "?"


def told_apart(runs: Iterable[Run]) -> list[str]:
    """The names of the runs, made different by time and then by number where equal."""
    given = list(runs)
    names = [run.name for run in given]
    timed = [
        f"{run.name} {started}" if names.count(run.name) > 1 and started else run.name
        for run in given
        for started in (run.said("started_at")[:19].replace("T", " "),)
    ]
    return [
        f"{name} ({timed[: number + 1].count(name)})" if timed.count(name) > 1 else name
        for number, name in enumerate(timed)
    ]
