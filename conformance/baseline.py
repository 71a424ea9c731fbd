"""The baseline: which requirements are known to fail and how, and which do not run.

`known.toml` has a table per requirement that is known to fail, with the ticket, the
owner and the day until which that is accepted, and a list of what is expected not to
run. It holds ways of failing, never values, ids or times.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import tomli_w
from jsonschema import Draft202012Validator

from conformance import archive
from conformance.errors import UsageError
from conformance.flags import Flag
from conformance.model import Outcome, Verdict
from conformance.registry import requirements
from conformance.ways import ways

TODO = "TODO"
"""Stands where a new entry has no ticket and no owner yet."""

ACCEPTED = timedelta(days=30)
"""For so long a new entry is accepted unless somebody writes another day into it."""

_OFFLINE = "needs a probe"
"""So begins the reason where recordings are judged: a capture owes nobody a probe."""

_BROKEN = (Outcome.FAIL, Outcome.WARN)
_HOLDS = (Outcome.PASS, Outcome.INFO)
_HEAD = """\
# What is known to fail at this gateway, and how; what is expected not to run, and why.
# `--baseline` compares a run with it, `--update-baseline` writes it anew and keeps
# ticket, owner and expires.

"""


@dataclass(frozen=True)
class Entry:
    """A known failure; `fails` are its ways of failing, sorted: `SCENARIO WHERE`."""

    ticket: str
    owner: str
    expires: date
    fails: tuple[str, ...]

    def without(self, scenarios: Collection[str]) -> Entry:
        """The entry but for its ways of failing in these scenarios."""
        kept = tuple(way for way in self.fails if way.partition(" ")[0] not in scenarios)
        return replace(self, fails=kept)

    @property
    def words(self) -> str:
        """Ticket, owner and last day."""
        return f"{self.ticket} ({self.owner}), accepted until {self.expires}"


@dataclass(frozen=True)
class Baseline:
    """A baseline file; `not_run` is None where it has no such list."""

    known: Mapping[str, Entry] = field(default_factory=dict)
    not_run: Mapping[str, str] | None = None


def read(path: Path) -> Baseline:
    """The baseline in a TOML file; raises UsageError."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not text"
        raise UsageError(f"--baseline: {path} cannot be read: {reason}") from None
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"--baseline: {path} is not TOML: {error}") from None
    known = table.get("known")
    for entry in known.values() if isinstance(known, dict) else ():
        if isinstance(entry, dict) and isinstance(entry.get("expires"), date):
            entry["expires"] = entry["expires"].isoformat()
    _check(path, table)
    found = {id: _entry(path, id, row) for id, row in table.get("known", {}).items()}
    return Baseline(found, table.get("not_run"))


def write(baseline: Baseline, path: Path) -> None:
    """Write a baseline whole; raises UsageError where that is impossible."""
    known = {
        id: {
            "ticket": entry.ticket,
            "owner": entry.owner,
            "expires": entry.expires,
            "fails": list(entry.fails),
        }
        for id, entry in sorted(baseline.known.items())
    }
    table = {"known": known, "not_run": dict(sorted((baseline.not_run or {}).items()))}
    try:
        archive.write_whole(path, _HEAD + tomli_w.dumps(table))
    except OSError as error:
        raise UsageError(f"--baseline: {path} cannot be written: {error.strerror}") from None


def compared(
    verdict: Verdict, baseline: Baseline, today: date, unsent: Collection[str] = ()
) -> Verdict:
    """The verdict with what the baseline says of it, but for scenarios that were not sent."""
    entry = baseline.known.get(verdict.requirement)
    held = _held_against(verdict, entry.without(unsent), today) if entry else verdict
    return held if baseline.not_run is None else _expected(held, baseline.not_run)


def accepted(verdict: Verdict, baseline: Baseline, today: date, fails: bool) -> Verdict:
    """The verdict in a run that writes the baseline: what fails becomes known.

    An entry that is expired is no more accepted for being written again.
    """
    entry = baseline.known.get(verdict.requirement)
    if entry and entry.expires < today and verdict.outcome in _BROKEN:
        return _held_against(verdict, entry, today)
    if verdict.outcome is Outcome.NOT_RUN:
        return _flagged(verdict, Flag.EXPECTED)
    if fails or (entry and verdict.outcome in _BROKEN):
        written = entry or _new(verdict, today)
        return replace(verdict, outcome=Outcome.KNOWN, reason=f"known: {written.words}")
    return verdict


def updated(baseline: Baseline, verdicts: Iterable[Verdict], today: date) -> Baseline:
    """The baseline after a run: what fails is in it, what passed is not.

    The entry of a requirement that was not decided stays as it is.
    """
    known: dict[str, Entry] = {}
    not_run: dict[str, str] = {}
    for verdict in verdicts:
        id, entry = verdict.requirement, baseline.known.get(verdict.requirement)
        if verdict.outcome is Outcome.KNOWN or (entry and verdict.outcome in _BROKEN):
            known[id] = replace(entry or _new(verdict, today), fails=_fails(verdict))
        elif entry and verdict.outcome not in _HOLDS:
            known[id] = entry
        if verdict.outcome is Outcome.NOT_RUN:
            not_run[id] = verdict.reason
    return Baseline(known, not_run)


def _new(verdict: Verdict, today: date) -> Entry:
    return Entry(TODO, TODO, today + ACCEPTED, _fails(verdict))


def _fails(verdict: Verdict) -> tuple[str, ...]:
    return tuple(sorted(f"{scenario} {where}".strip() for scenario, where in ways(verdict)))


def _held_against(verdict: Verdict, entry: Entry, today: date) -> Verdict:
    if verdict.outcome in _HOLDS and not entry.fails:
        return verdict
    if verdict.outcome in _HOLDS:
        return _bad(verdict, f"it passes now; remove its baseline entry {entry.ticket}")
    if verdict.outcome not in _BROKEN:
        return verdict
    if entry.expires < today:
        return _bad(verdict, f"its baseline entry {entry.ticket} expired on {entry.expires}")
    other = _other(set(_fails(verdict)), set(entry.fails))
    if other:
        return _bad(verdict, f"it fails in another way than {entry.ticket} says: {other}")
    return replace(verdict, outcome=Outcome.KNOWN, reason=f"known: {entry.words}")


def _other(found: set[str], known: set[str]) -> str:
    """What is different about the ways of failing; empty where they are the same."""
    parts = (("now at", found - known), ("no longer at", known - found))
    return "; ".join(f"{words} {', '.join(sorted(ways))}" for words, ways in parts if ways)


def _bad(verdict: Verdict, reason: str) -> Verdict:
    return replace(_flagged(verdict, Flag.BAD_BASELINE), reason=reason)


def _expected(verdict: Verdict, not_run: Mapping[str, str]) -> Verdict:
    reason = not_run.get(verdict.requirement)
    if verdict.outcome is Outcome.NOT_RUN:
        if verdict.reason.startswith(_OFFLINE) and reason is None:
            return verdict
        is_expected = reason == verdict.reason or verdict.reason.startswith(_OFFLINE)
        return _flagged(verdict, Flag.EXPECTED if is_expected else Flag.UNEXPECTED)
    is_moot = reason is None or verdict.outcome is Outcome.NOT_APPLICABLE
    return verdict if is_moot else _flagged(verdict, Flag.UNEXPECTED)


def _flagged(verdict: Verdict, flag: Flag) -> Verdict:
    return replace(verdict, flags=(*verdict.flags, str(flag)))


def _check(path: Path, table: Mapping[str, Any]) -> None:
    text = (files("conformance.schemas") / "baseline.json").read_text(encoding="utf-8")
    for error in Draft202012Validator(json.loads(text)).iter_errors(table):
        place = error.json_path.removeprefix("$.")
        raise UsageError(f"--baseline: {path}: {place}: {error.message}")
    for id in (*table.get("known", {}), *table.get("not_run", {})):
        if id not in requirements():
            raise UsageError(f"--baseline: {path}: {id} is no requirement of this version")


def _entry(path: Path, id: str, row: Mapping[str, Any]) -> Entry:
    try:
        expires = date.fromisoformat(row["expires"])
    except ValueError:
        found = row["expires"]
        raise UsageError(f"--baseline: {path}: {id}: expires: no such day {found!r}") from None
    return Entry(row["ticket"], row["owner"], expires, tuple(sorted(row["fails"])))
