"""A hearing: files of recorded traffic in, verdicts and evidence out; the offline run.

Evidence is kept of the exchanges that break a rule, and of all where they are few; it is
scrubbed of keys and cookies, because a capture from elsewhere holds live ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from conformance import __version__, archive, imports, profile, report
from conformance.errors import UsageError
from conformance.imports import Foreign, Run, Source, Unread
from conformance.imports.own import said
from conformance.kinds import Kind
from conformance.model import Exchange, Recording, Verdict
from conformance.offline import Bench
from conformance.profile import Profile
from conformance.scrub import Scrubber
from conformance.verdicts import VerdictFile

UNREAD = 4
"""The exit status where some input could not be read; a broken MUST comes first."""

KEPT_BROKEN = 200
"""So many exchanges that break a rule are kept as evidence; the verdicts name them all."""

KEPT_SOUND = 50
"""So many exchanges are kept although nothing is wrong with them."""


@dataclass
class Hearing:
    """What was judged, and what could not be read."""

    sources: Sequence[Source]
    profile: Profile
    bench: Bench
    unread: list[str] = field(default_factory=list)
    broken: dict[str, list[Exchange]] = field(default_factory=dict)
    sound: dict[str, list[Exchange]] = field(default_factory=dict)
    runs: list[Recording] = field(default_factory=list)
    verdicts: Mapping[str, Verdict] = field(default_factory=dict)

    @property
    def exchanges(self) -> int:
        """How many exchanges were read."""
        return self.bench.exchanges

    @property
    def kinds(self) -> Mapping[Kind, int]:
        """How many exchanges of each kind were read."""
        return self.bench.kinds

    @property
    def target(self) -> str:
        """The inputs in words."""
        names = [Path(source.name).name for source in self.sources]
        return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def hear(
    paths: Sequence[Path], named: str = "", kind: str = "", tell: Callable[[str], None] = print
) -> Hearing:
    """Judge everything that the paths hold; `tell` hears what cannot be read.

    `named` is a profile, else that of a run of ours, else `generic`; `kind` overrides the
    profile's. Raises UsageError where no input can be read at all.
    """
    hearing = _opened(paths, named, kind, tell)
    is_one = len(hearing.sources) == 1
    for source in hearing.sources:
        hearing.bench.next_input()
        for found in imports.read(source, "" if is_one else Path(source.name).name):
            _take(hearing, source, found, tell)
    hearing.verdicts = hearing.bench.verdicts()
    return hearing


def _opened(paths: Sequence[Path], named: str, kind: str, tell: Callable[[str], None]) -> Hearing:
    readable: list[Path] = []
    wrong: list[str] = []
    for path in paths:
        try:
            imports.format_of(path)
        except UsageError as error:
            wrong.append(str(error))
        else:
            readable.append(path)
    if not readable:
        raise UsageError("; ".join(wrong) or "no recordings given")
    for line in wrong:
        tell(line)
    sources = tuple(imports.sources(readable))
    chosen = profile_of(readable, named, kind)
    return Hearing(sources, chosen, Bench(chosen), wrong)


def profile_of(paths: Sequence[Path], named: str, kind: str) -> Profile:
    """The profile named, else that of the run behind the paths, else `generic`."""
    own_name, own_kind = ("", "") if named or len(paths) != 1 else said(paths[0])
    known = own_name if own_name in profile.names() else ""
    chosen = profile.load(named or known or "generic")
    return replace(chosen, kind=kind or (own_kind if known else "") or chosen.kind)


def _take(
    hearing: Hearing, source: Source, found: Foreign | Unread | Run, tell: Callable[[str], None]
) -> None:
    if isinstance(found, Unread):
        hearing.unread.append(f"{source.name}: {found}")
        tell(hearing.unread[-1])
    elif isinstance(found, Run):
        hearing.bench.hear_run(found)
        hearing.runs += found.recordings.values()
    else:
        is_broken = hearing.bench.hear(found)
        kept = hearing.broken if is_broken else hearing.sound
        most = KEPT_BROKEN if is_broken else KEPT_SOUND
        if sum(map(len, kept.values())) < most:
            kept.setdefault(source.name, []).append(found.exchange)


def default_folder(below: Path) -> Path:
    """`reports/runs/<UTC time>-recordings`, below a folder."""
    time = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    return below / "reports" / "runs" / f"{time}-recordings"


def header(hearing: Hearing, started_at: str, planned: int) -> dict[str, object]:
    """The first line of the verdicts of a hearing."""
    return {
        "suite_version": __version__,
        "started_at": started_at,
        "profile": hearing.profile.name,
        "kind": hearing.profile.kind,
        "target": hearing.target,
        "origin": "recordings",
        "planned": planned,
        "planned_exchanges": hearing.exchanges,
        "configuration": {
            "recordings": [source.name for source in hearing.sources],
            "formats": [source.format for source in hearing.sources],
            "kinds": {str(kind): count for kind, count in hearing.kinds.items()},
        },
    }


def preflight(hearing: Hearing) -> dict[str, object]:
    """What could not be read, as the verdicts and the report state it."""
    return {"warnings": hearing.unread[:100], "requests": 0, "lost": ""}


def write(hearing: Hearing, folder: Path, status: int) -> Path:
    """Write verdicts, evidence and report into an empty folder; gives the report."""
    if folder.exists() and any(folder.iterdir()):
        raise UsageError(f"--report-dir: {folder} is not empty; every run starts an empty folder")
    started_at = now()
    write_evidence(hearing, folder / "recordings")
    with VerdictFile(folder) as file:
        file.header(header(hearing, started_at, len(hearing.verdicts)))
        file.preflight(preflight(hearing))
        for verdict in hearing.verdicts.values():
            file.verdict(verdict)
        file.footer({"exit_status": status, "finished_at": now(), "requests": 0})
    return report.write(folder)


def write_evidence(hearing: Hearing, folder: Path) -> None:
    """Put the kept exchanges on disk as recordings, scrubbed."""
    scrubber = Scrubber()
    for recording in _evidence(hearing):
        archive.write(scrubber.recording(recording), folder)


def _evidence(hearing: Hearing) -> Iterator[Recording]:
    yield from hearing.runs
    names = dict.fromkeys((*hearing.broken, *hearing.sound))
    for number, name in enumerate(names):
        kept = (*hearing.broken.get(name, ()), *hearing.sound.get(name, ()))
        scenario = "".join(c if c.isalnum() or c in "-_" else "-" for c in Path(name).name)
        yield Recording(f"{scenario[:60]}-{number}" if len(names) > 1 else scenario[:60], kept)


def now() -> str:
    """The moment, in UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
