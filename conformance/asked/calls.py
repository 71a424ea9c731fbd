"""Where the calls and results that went on differ from those that were asked.

Ids may be other ones as long as they match, and a failed result may say so in its text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest

from conformance.asked.differences import ABSENT, Difference, of_values, shown
from conformance.asked.facts import Asked, Call, Result, Text
from conformance.asked.texts import is_same, unlike


def of_calls(asked: Asked, got: Asked) -> Iterator[Difference]:
    """Calls that are missing, added or changed, in their order."""
    for number, (mine, theirs) in enumerate(zip_longest(asked.of(Call), got.of(Call)), start=1):
        if theirs is None:
            yield Difference("messages", f"call {number}, of {mine.name}", ABSENT)
        elif mine is None or mine.name != theirs.name:
            expected = f"call {number} of {mine.name}" if mine else f"{number - 1} calls"
            yield Difference(theirs.where, expected, theirs.name)
        else:
            yield from of_values(mine.arguments, theirs.arguments, f"{theirs.where}: arguments")


def of_results(asked: Asked, got: Asked) -> Iterator[Difference]:
    """Results that are missing, added, changed, or not those of their calls."""
    theirs = _by_id(got)
    for mine in asked.of(Result):
        found = theirs.pop(_ids(asked, got).get(mine.id, mine.id), ())
        heard = "\n".join(text for result in found for text in result.texts)
        if not found:
            expected = f"a result with the id of its call: {shown(' '.join(mine.texts))}"
            yield Difference("messages", expected, f"results with the ids {sorted(theirs)}")
        elif not _is_kept(mine, heard):
            yield unlike(mine.texts, heard, found[0].where)
    for id, (first, *_) in theirs.items():
        yield Difference(first.where, "only results of calls", f"a result of {id}, which is none")


def _is_kept(mine: Result, heard: str) -> bool:
    """Some upstreams want a word where there is none, and some cannot say that a call failed."""
    if mine.is_error or not any(mine.texts):
        return all(text in heard for text in mine.texts)
    return is_same(mine.texts, heard)


def of_order(got: Asked) -> Iterator[Difference]:
    """The first text of the user that comes between a call and its result."""
    waiting: set[str] = set()
    for part in got.parts:
        if isinstance(part, Call):
            waiting.add(part.id)
        elif isinstance(part, Result):
            waiting.discard(part.id)
        elif isinstance(part, Text) and part.role == "user" and waiting and part.text.strip():
            yield Difference(part.where, "the results of the calls first", shown(part.text))
            return


def of_errors(asked: Asked, got: Asked) -> Iterator[Difference]:
    """Failed results that look like those of calls that succeeded."""
    theirs = _by_id(got)
    for mine in asked.of(Result):
        for result in theirs.get(_ids(asked, got).get(mine.id, mine.id), ()):
            if mine.is_error and not result.is_error and is_same(mine.texts, "".join(result.texts)):
                yield Difference(result.where, "a word that the call failed", shown(result.texts))


def _ids(asked: Asked, got: Asked) -> Mapping[str, str]:
    """The id that each call has upstream."""
    pairs = zip(asked.of(Call), got.of(Call), strict=False)
    return {mine.id: theirs.id for mine, theirs in pairs}


def _by_id(asked: Asked) -> dict[str, Sequence[Result]]:
    found: dict[str, Sequence[Result]] = {}
    for result in asked.of(Result):
        found[result.id] = (*found.get(result.id, ()), result)
    return found
