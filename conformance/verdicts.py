"""`verdicts.jsonl`: a header, what preflight found, a line per verdict, a footer.

Written line by line by one process and flushed, so it survives any interruption; a
file without a footer is truncated, and readers say so.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any, Self

from conformance.errors import UnreadableFile
from conformance.model import Level, Outcome, Verdict, Violation

FORMAT = 1
NAME = "verdicts.jsonl"


def to_json(verdict: Verdict) -> dict[str, Any]:
    """A verdict as plain JSON values (also what a worker sends to the controller).

    Enumerations become plain strings, because execnet sends no subclass of str.
    """
    return {
        "requirement": verdict.requirement,
        "level": verdict.level.value,
        "outcome": verdict.outcome.value,
        "reason": verdict.reason,
        "flags": list(verdict.flags),
        "violations": [
            {**asdict(violation), "level": violation.level.value if violation.level else None}
            for violation in verdict.violations
        ],
    }


def from_json(table: Mapping[str, Any]) -> Verdict:
    """The verdict in a JSON object."""
    return Verdict(
        requirement=table["requirement"],
        level=Level(table["level"]),
        outcome=Outcome(table["outcome"]),
        reason=table["reason"],
        flags=tuple(table["flags"]),
        violations=tuple(_violation(row) for row in table["violations"]),
    )


def _violation(row: Mapping[str, Any]) -> Violation:
    level = Level(row["level"]) if row["level"] else None
    return Violation(row["where"], row["expected"], row["actual"], level, row["exchange"])


def counts(verdicts: Iterable[Verdict]) -> dict[str, int]:
    """How many verdicts have each outcome; every outcome is named, they add up."""
    found = Counter(verdict.outcome for verdict in verdicts)
    return {str(outcome): found[outcome] for outcome in Outcome}


class VerdictFile:
    """Writes `verdicts.jsonl` of a run folder."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / NAME
        self._file: IO[str] = self.path.open("x", encoding="utf-8", errors="backslashreplace")
        self.written: list[Verdict] = []

    def header(self, fields: Mapping[str, Any]) -> None:
        """The first line: who judges whom, with which configuration."""
        self._line({"type": "header", "format": FORMAT, **fields})

    def preflight(self, fields: Mapping[str, Any]) -> None:
        """What preflight and recording found out, or why nothing could be judged."""
        self._line({"type": "preflight", **fields})

    def verdict(self, verdict: Verdict) -> None:
        """One verdict."""
        self.written.append(verdict)
        self._line({"type": "verdict", **to_json(verdict)})

    def footer(self, fields: Mapping[str, Any]) -> None:
        """The last line; without it the file counts as truncated."""
        self._line({"type": "footer", "counts": counts(self.written), **fields})

    def close(self) -> None:
        """No more lines."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _line(self, fields: Mapping[str, Any]) -> None:
        self._file.write(json.dumps(fields, ensure_ascii=False) + "\n")
        self._file.flush()


@dataclass(frozen=True)
class Judged:
    """A `verdicts.jsonl` read back."""

    header: Mapping[str, Any]
    preflight: Mapping[str, Any]
    verdicts: tuple[Verdict, ...]
    footer: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_truncated(self) -> bool:
        """Whether the run was interrupted: there is no footer."""
        return not self.footer


def read(folder: Path) -> Judged:
    """What a run folder says; raises UnreadableFile."""
    path = folder / NAME
    try:
        # Not splitlines: texts from the traffic may hold U+2028 and its like.
        lines = path.read_text(encoding="utf-8", errors="replace").rstrip("\n").split("\n")
    except OSError as error:
        raise UnreadableFile(path, str(error.strerror), "the verdicts of a run") from None
    rows = [_row(path, number, line) for number, line in enumerate(lines, 1)]
    if not rows or rows[0].get("type") != "header" or rows[0].get("format") != FORMAT:
        raise UnreadableFile(path, "no header", f"a header line of format {FORMAT}")
    return Judged(
        header=rows[0],
        preflight=_of_type(rows, "preflight"),
        verdicts=tuple(_verdict(path, row) for row in rows if row.get("type") == "verdict"),
        footer=_of_type(rows, "footer"),
    )


def _verdict(path: Path, row: dict[str, Any]) -> Verdict:
    try:
        return from_json(row)
    except (KeyError, TypeError, ValueError):
        raise UnreadableFile(path, "a verdict that is none", "verdicts of this version") from None


def _row(path: Path, number: int, line: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except ValueError:
        # An interruption can leave the last line half written; what stands before counts.
        return {"type": "torn"}
    if not isinstance(row, dict):
        raise UnreadableFile(path, f"line {number} that is no object", "JSON objects")
    return row


def _of_type(rows: list[dict[str, Any]], type: str) -> dict[str, Any]:
    return next((row for row in rows if row.get("type") == type), {})
