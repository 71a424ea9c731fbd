"""Directives: words in the newest question that the scripted model obeys.

`[[slow 20 ms]]` pauses after each piece of the answer, `[[pause 120 s after 2]]` is silent
once, `[[fail after 5: overloaded]]` breaks off; `after 0` is before the first piece, and
`[[fail at once: overloaded]]` before anything is said at all. `[[say "Hello."]]` is the whole
answer, `[[call Bash {"command": "ls"}]]` a call to make, where that tool is offered. What is
in such brackets and is none of these is text like any other.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from reference_gateway.errors import GatewayError, Overloaded, UpstreamBroken

_SLOW = re.compile(r"\[\[slow (\d+(?:\.\d+)?) ms\]\]")
_PAUSE = re.compile(r"\[\[pause (\d+(?:\.\d+)?) s after (\d+)\]\]")
_FAIL = re.compile(r"\[\[fail (?:after (\d+)|at once): (overloaded|broken)\]\]")
_CALL = re.compile(r"\[\[call ([\w.-]+) (?=\{)")
_SAY = re.compile(r"\[\[say (?=\")")
_JSON = json.JSONDecoder(strict=False)
_FAILURES: dict[str, Callable[[], GatewayError]] = {
    "overloaded": Overloaded,
    "broken": UpstreamBroken,
}
AT_ONCE = -1


@dataclass(frozen=True)
class Directives:
    """How the answer is to come: paced, silent after so many pieces, broken after so many."""

    pace_s: float = 0.0
    pause_s: float = 0.0
    pause_after: int = 0
    fail_after: int | None = None
    failure: str = ""

    def check(self, said: int) -> None:
        """Break off, where that was asked for after so many pieces."""
        if self.fail_after == said:
            raise _FAILURES[self.failure]()

    def rest_s(self, said: int) -> float:
        """How long to rest after so many pieces."""
        return self.pace_s + (self.pause_s if said == self.pause_after else 0.0)


def read(text: str) -> Directives:
    """The directives in a question."""
    if "[[" not in text:
        return Directives()
    slow, pause, fail = _SLOW.search(text), _PAUSE.search(text), _FAIL.search(text)
    return Directives(
        pace_s=float(slow[1]) / 1000 if slow else 0.0,
        pause_s=float(pause[1]) if pause else 0.0,
        pause_after=int(pause[2]) if pause else 0,
        fail_after=int(fail[1] or AT_ONCE) if fail else None,
        failure=fail[2] if fail else "",
    )


def said(text: str) -> str | None:
    """The answer that is ordered word for word; None where none is."""
    return next((value for _, value in _ordered(_SAY, text) if isinstance(value, str)), None)


def called(text: str) -> list[tuple[str, dict[str, Any]]]:
    """The calls that are ordered: tool name and arguments."""
    return [(found[1], value) for found, value in _ordered(_CALL, text)]


def _ordered(order: re.Pattern[str], text: str) -> Iterator[tuple[re.Match[str], Any]]:
    """The orders of one kind, each with the JSON value that it ends with."""
    for found in order.finditer(text):
        try:
            value, end = _JSON.raw_decode(text, found.end())
        except (ValueError, RecursionError):
            continue
        if text.startswith("]]", end):
            yield found, value
