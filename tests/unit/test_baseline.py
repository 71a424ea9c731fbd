"""The baseline: what is known fails in the same way until a day; everything else is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from conformance import baseline
from conformance.baseline import Baseline, Entry, read, updated, write
from conformance.errors import UsageError
from conformance.exits import Exit, exit_status, is_failing
from conformance.flags import Flag
from conformance.gate import STOPPED, Gate, opened, unsent
from conformance.model import Level, Outcome, Recording, Verdict, Violation
from conformance.registry import requirements, scenarios

TODAY = date(2026, 11, 22)
ID = "OAI-CHAT-015"
OTHER = "OAI-SSE-007"
WAY = "openai-plain body.usage.total_tokens"


def entry(*fails: str, expires: date = TODAY) -> Entry:
    """A known failure."""
    return Entry("GW-7", "payments", expires, fails or (WAY,))


def verdict(outcome: Outcome, where: str = "body.usage.total_tokens", reason: str = "") -> Verdict:
    """A verdict, with a violation where it is broken."""
    violations = (Violation(where, "9", "19", Level.MUST, "openai-plain#1"),)
    is_broken = outcome in (Outcome.FAIL, Outcome.WARN, Outcome.INFO)
    return Verdict(ID, Level.MUST, outcome, reason, (), violations if is_broken else ())


def compared(given: Verdict, known: Entry | None = None, **how: object) -> Verdict:
    """The verdict as a baseline with one entry sees it."""
    made = Baseline({ID: known} if known else {}, how.get("not_run"))  # type: ignore[arg-type]
    return Gate(TODAY, made).passed(given)


def test_what_fails_as_the_entry_says_is_known() -> None:
    found = compared(verdict(Outcome.FAIL), entry())
    assert found.outcome is Outcome.KNOWN and not found.flags
    assert "GW-7 (payments)" in found.reason and found.violations


def test_a_place_counts_without_its_indices() -> None:
    known = entry("openai-plain choices[].delta")
    found = compared(verdict(Outcome.FAIL, "choices[7].delta"), known)
    assert found.outcome is Outcome.KNOWN


@pytest.mark.parametrize(
    ("given", "known", "reason"),
    [
        (verdict(Outcome.PASS), entry(), "it passes now"),
        (verdict(Outcome.INFO), entry(), "it passes now"),
        (verdict(Outcome.FAIL), entry(expires=date(2026, 11, 21)), "expired on 2026-11-21"),
        (verdict(Outcome.FAIL, "id"), entry(), f"now at openai-plain id; no longer at {WAY}"),
        (verdict(Outcome.FAIL), entry(WAY, "x y"), "another way than GW-7 says: no longer at x y"),
        (verdict(Outcome.WARN, "id"), entry(), "fails in another way"),
    ],
    ids=["passes", "info", "expired", "other way", "fewer ways", "a warning"],
)
def test_a_bad_entry_fails_and_says_why(given: Verdict, known: Entry, reason: str) -> None:
    found = compared(given, known)
    assert Flag.BAD_BASELINE in found.flags and reason in found.reason
    assert found.outcome is given.outcome and is_failing(found)
    assert exit_status([found]) is Exit.FAILED


@pytest.mark.parametrize(
    ("given", "left_out", "outcome", "flags"),
    [
        (verdict(Outcome.FAIL), {"openai-stop"}, Outcome.KNOWN, ()),
        (verdict(Outcome.FAIL, "id"), {"openai-stop"}, Outcome.FAIL, ("bad_baseline",)),
        (verdict(Outcome.FAIL), {"openai-plain"}, Outcome.FAIL, ("bad_baseline",)),
        (verdict(Outcome.PASS), {"openai-stop"}, Outcome.PASS, ("bad_baseline",)),
        (verdict(Outcome.PASS), {"openai-stop", "openai-plain"}, Outcome.PASS, ()),
    ],
    ids=["the rest fails", "in another way", "in another place", "the rest passes", "none sent"],
)
def test_a_part_of_a_run_is_held_against_that_part_of_the_entry(
    given: Verdict, left_out: set[str], outcome: Outcome, flags: tuple[str, ...]
) -> None:
    made = Baseline({ID: entry(WAY, "openai-stop body.usage.total_tokens")})
    found = Gate(TODAY, made).passed(given, left_out)
    assert (found.outcome, found.flags) == (outcome, flags)


def test_a_scenario_that_was_not_recorded_is_unsent() -> None:
    lacking = Recording("openai-plain", not_recorded="needs keys.valid")
    assert unsent({"openai-plain": lacking}) == frozenset(scenarios())


@pytest.mark.parametrize("outcome", [Outcome.INCONCLUSIVE, Outcome.NOT_RUN, Outcome.NOT_APPLICABLE])
def test_what_is_not_decided_leaves_its_entry_alone(outcome: Outcome) -> None:
    given = verdict(outcome, reason="needs keys.capped")
    assert compared(given, entry(expires=date(2020, 1, 1))) == given


def test_what_has_no_entry_fails_as_ever() -> None:
    assert compared(verdict(Outcome.FAIL)) == verdict(Outcome.FAIL)


@pytest.mark.parametrize(
    ("given", "listed", "flag", "status"),
    [
        (verdict(Outcome.NOT_RUN, reason="blocked by X"), "blocked by X", "expected", 0),
        (verdict(Outcome.NOT_RUN, reason="blocked by X"), "needs keys.x", "unexpected", 7),
        (verdict(Outcome.NOT_RUN, reason="needs keys.capped"), None, "unexpected", 7),
        (verdict(Outcome.NOT_RUN, reason="needs a probe: x"), "needs lab", "expected", 0),
        (verdict(Outcome.PASS), "needs keys.x", "unexpected", 0),
        (verdict(Outcome.PASS), None, "", 0),
        (verdict(Outcome.NOT_APPLICABLE), "needs keys.x", "", 0),
    ],
    ids=[
        "expected",
        "another reason",
        "not listed",
        "offline",
        "it ran",
        "passes",
        "not applicable",
    ],
)
def test_the_list_of_what_does_not_run_is_whole(
    given: Verdict, listed: str | None, flag: str, status: int
) -> None:
    found = compared(given, not_run={ID: listed} if listed else {})
    assert found.flags == ((flag,) if flag else ())
    sound = Verdict("ANT-EP-001", Level.MUST, Outcome.PASS)
    assert exit_status([sound, found]) == status
    assert exit_status([sound, found], require_complete=True) == status


def test_without_such_a_list_not_running_counts_as_ever() -> None:
    given = verdict(Outcome.NOT_RUN, reason="needs keys.capped")
    assert compared(given, not_run=None) == given


def test_a_baseline_is_read_as_it_was_written(tmp_path: Path) -> None:
    made = Baseline({ID: entry(WAY, 'a "b"\n\\ é')}, {OTHER: "needs keys.capped"})
    write(made, tmp_path / "known.toml")
    found = read(tmp_path / "known.toml")
    assert found == Baseline({ID: entry(*sorted([WAY, 'a "b"\n\\ é']))}, made.not_run)


def test_a_date_may_be_quoted(tmp_path: Path) -> None:
    path = tmp_path / "known.toml"
    write(Baseline({ID: entry()}), path)
    path.write_text(path.read_text().replace("2026-11-22", '"2026-11-22"'))
    assert read(path).known == {ID: entry()}


_ENTRY = f'[known.{ID}]\nticket = "T"\nowner = "o"\nexpires = 2026-12-01\nfails = ["a b"]\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[known", "is not TOML"),
        ("[unknown]", "'unknown'"),
        (_ENTRY.replace('owner = "o"\n', ""), "'owner' is a required property"),
        (_ENTRY.replace("2026-12-01", '"tomorrow"'), f"known['{ID}'].expires"),
        (_ENTRY.replace("2026-12-01", '"2026-02-30"'), "no such day '2026-02-30'"),
        (_ENTRY.replace('["a b"]', "[]"), "fails"),
        (_ENTRY.replace(ID, "OAI-CHAT-9999"), "OAI-CHAT-9999 is no requirement"),
        ("[not_run]\nGW-XX-1 = 'x'", "GW-XX-1 is no requirement"),
        ("known = 3", "known"),
    ],
)
def test_a_wrong_file_is_told_in_one_line(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "known.toml"
    path.write_text(text)
    with pytest.raises(UsageError) as caught:
        read(path)
    words = str(caught.value)
    assert words.startswith(f"--baseline: {path}") and said in words and "\n" not in words


def test_a_missing_file_is_told_unless_it_is_to_be_written(tmp_path: Path) -> None:
    path = tmp_path / "known.toml"
    with pytest.raises(UsageError, match="cannot be read"):
        opened(path, None, Level.MUST, False, TODAY)
    assert opened(path, None, Level.MUST, True, TODAY).baseline == Baseline()
    with pytest.raises(UsageError, match="name the file with --baseline"):
        opened(None, None, Level.MUST, True, TODAY)


# ------------------------------------------------------------------------------ writing it anew


def updating(*entries: tuple[str, Entry], fail_on: Level = Level.MUST) -> Gate:
    """The gate of a run that writes the baseline."""
    return Gate(TODAY, Baseline(dict(entries)), None, fail_on, is_updating=True)


def anew(gate: Gate, *given: Verdict) -> Baseline:
    """The baseline that a run with these verdicts writes."""
    assert gate.baseline is not None
    return updated(gate.baseline, [gate.passed(found) for found in given], TODAY)


def test_a_new_failure_gets_an_entry_that_asks_for_its_ticket() -> None:
    made = anew(updating(), verdict(Outcome.FAIL)).known[ID]
    assert made == Entry("TODO", "TODO", date(2026, 12, 22), (WAY,))


def test_an_entry_that_stays_keeps_its_ticket_owner_and_day() -> None:
    made = anew(updating((ID, entry())), verdict(Outcome.FAIL, "id")).known[ID]
    assert made == entry("openai-plain id")


def test_what_passes_leaves_the_baseline() -> None:
    assert not anew(updating((ID, entry())), verdict(Outcome.PASS)).known


def test_what_was_not_decided_keeps_its_entry() -> None:
    made = anew(updating((ID, entry())), verdict(Outcome.INCONCLUSIVE))
    assert made.known == {ID: entry()}


def test_an_expired_entry_stays_expired_and_red() -> None:
    late = entry(expires=date(2026, 1, 1))
    gate = updating((ID, late))
    assert is_failing(gate.passed(verdict(Outcome.FAIL)))
    assert anew(gate, verdict(Outcome.FAIL)).known == {ID: late}


@pytest.mark.parametrize(("fail_on", "ids"), [(Level.MUST, []), (Level.SHOULD, [ID])])
def test_a_warning_is_known_only_where_warnings_fail(fail_on: Level, ids: list[str]) -> None:
    assert list(anew(updating(fail_on=fail_on), verdict(Outcome.WARN)).known) == ids


def test_what_does_not_run_is_listed_with_its_reason() -> None:
    given = verdict(Outcome.NOT_RUN, reason="needs keys.capped")
    made = anew(updating(), given)
    assert made.not_run == {ID: "needs keys.capped"}
    assert Gate(TODAY, made).passed(given).flags == ("expected",)


def test_a_written_baseline_makes_the_same_run_green(tmp_path: Path) -> None:
    path = tmp_path / "known.toml"
    given = [
        verdict(Outcome.FAIL),
        replace(verdict(Outcome.NOT_RUN, reason="lab"), requirement=OTHER),
    ]
    gate = opened(path, None, Level.MUST, True, TODAY)
    assert "1 known, 1 expected not to run; give ticket and owner" in gate.write(
        map(gate.passed, given)
    )
    again = opened(path, None, Level.MUST, False, TODAY)
    assert exit_status(map(again.passed, given)) is Exit.CONFORMS


def test_a_run_that_was_stopped_writes_nothing(tmp_path: Path) -> None:
    gate = opened(tmp_path / "known.toml", None, Level.MUST, True, TODAY)
    assert "is not written" in gate.write([verdict(Outcome.NOT_RUN, reason=STOPPED)])
    assert not list(tmp_path.iterdir())


def test_a_filtered_run_writes_nothing() -> None:
    with pytest.raises(UsageError, match="not selected"):
        updating().refuse_filtered([ID])
    updating().refuse_filtered(requirements())
    Gate(TODAY).refuse_filtered([ID])


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be written"):
        baseline.write(Baseline(), tmp_path / "file" / "known.toml")
