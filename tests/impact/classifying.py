"""What a client did under a fault, told from what it does without: pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from conformance.impact import Effect

LONGEST_WORDS = 160

LATE, LATE_S = "ends late", 5.0
"""By so much later a right result is no longer the same to a user."""

_PLACE = re.compile(r" \(([\w.-]+\.(?:py|m?js)):\d+ in [^()]+\)$")
_ADDRESS = re.compile(r"https?://127\.0\.0\.1:\d+")
_MADE = re.compile(
    r"(?<![A-Za-z0-9])(?:[a-z]{2,9}[_-])?"
    r"(?:(?=[A-Za-z]*\d)[A-Za-z0-9]{14,}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
)
_PORT = re.compile(r"(127\.0\.0\.1|localhost):\d+")
_MEMORY = re.compile(r"0x[0-9a-f]{6,}")


@dataclass(frozen=True)
class Work:
    """What came of a task: what the client said and ran, and what it cost.

    `has_ended` is whether it ended by itself in time, `over_cap` how many requests were more
    than may be let through.
    """

    said: Mapping[str, Any]
    runs: tuple[str, ...] = ()
    requests: int = 0
    over_cap: int = 0
    has_ended: bool = True
    error: str = ""
    seconds: float = 0.0


def effect(healthy: Work, work: Work) -> tuple[Effect, str]:
    """What the fault did to the client, and in which words."""
    if work.over_cap:
        return Effect.LOOP, ""
    if not work.has_ended:
        return Effect.HANG, ""
    if words(work.error) != words(healthy.error):
        return (Effect.ERROR, words(work.error)) if work.error else (Effect.SILENT, "no error")
    wrong = [] if work.error else differences(healthy, work)
    if wrong:
        return Effect.SILENT, ", ".join(wrong)
    if work.seconds - healthy.seconds > LATE_S:
        return Effect.HANG, LATE
    return (Effect.REPEATED if work.requests > healthy.requests else Effect.NONE), ""


def differences(healthy: Work, work: Work) -> list[str]:
    """What of a result is not as it should be, in the words of the table."""
    found = [
        _text(str(healthy.said.get("text") or ""), str(work.said.get("text") or "")),
        _runs(healthy.runs, work.runs),
        "thinking" if _thought(healthy) != _thought(work) else "",
        "tokens" if healthy.said.get("tokens") != work.said.get("tokens") else "",
        *(_told(healthy, work, part) for part in ("stop", "usage")),
    ]
    return [words for words in found if words]


def words(error: str) -> str:
    """A client's error text, shortened, without what is of one occasion alone."""
    readable = error.encode("utf-8", "replace").decode()
    # Where in the client it happened would name folders of this machine.
    text = " ".join(readable.split()).partition(" Traceback (most recent call last)")[0]
    bare = _PLACE.sub("", text)
    # Some exceptions have no words; where they were raised is all that they say.
    text = _PLACE.sub(r" (in \1)", text) if bare.endswith(":") else bare
    text = _PORT.sub(r"\1", _ADDRESS.sub("http://gateway", text))
    text = _MADE.sub("…", _MEMORY.sub("0x…", text))
    return text if len(text) <= LONGEST_WORDS else f"{text[: LONGEST_WORDS - 1]}…"


def _text(wanted: str, found: str) -> str:
    if found == wanted:
        return ""
    if not found.strip():
        return "text empty"
    return "text cut" if wanted.startswith(found) else "text wrong"


def _runs(wanted: tuple[str, ...], found: tuple[str, ...]) -> str:
    if sorted(found) == sorted(wanted):
        return ""
    if not found:
        return "no tool ran"
    if set(found) == set(wanted):
        return "tool ran twice"
    return "tool call lost" if set(found) < set(wanted) else "tool arguments wrong"


def _thought(work: Work) -> tuple[Any, bool]:
    return work.said.get("thinking"), bool(work.said.get("signature"))


def _told(healthy: Work, work: Work, part: str) -> str:
    """Whether the answers are told of otherwise; where their number differs, of the last."""
    members = ("stop",) if part == "stop" else ("input", "output")
    wanted, found = (
        [tuple(answer.get(member) for member in members) for answer in one.said.get("answers", [])]
        for one in (healthy, work)
    )
    if len(wanted) != len(found):
        wanted, found = wanted[-1:], found[-1:]
    return part if wanted != found else ""
