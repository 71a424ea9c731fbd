"""Where the texts that went on differ from those that were asked.

Texts may be joined or taken apart, with white space between them; messages of one role
may become one; the system's texts may stand elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby, zip_longest

from conformance.asked.differences import ABSENT, Difference
from conformance.asked.facts import Asked, Text

_BEFORE, _AFTER = 16, 40


def of_texts(asked: Asked, got: Asked) -> Iterator[Difference]:
    """The first difference in what the system says, and the first in the conversation."""
    yield from _unlike("system", asked.said_by("system"), got.said_by("system"))
    for mine, theirs in zip_longest(_turns(asked), _turns(got), fillvalue=()):
        role = (mine or theirs)[0].role
        heard = theirs if theirs and theirs[0].role == role else ()
        if found := list(_unlike(role, mine, heard)):
            yield found[0]
            return


def _turns(asked: Asked) -> Iterator[tuple[Text, ...]]:
    """The texts of the conversation, those of one role that follow each other together."""
    texts = (text for text in asked.said_by("user", "assistant") if text.text.strip())
    for _, found in groupby(texts, lambda text: text.role):
        yield tuple(found)


def _unlike(role: str, asked: Sequence[Text], got: Sequence[Text]) -> Iterator[Difference]:
    expected, heard = [text.text for text in asked], "\n".join(text.text for text in got)
    if not is_same(expected, heard):
        where = got[0].where if got else "messages"
        yield unlike(expected, heard, where, f"the text of the {role}, unchanged: ")


def is_same(expected: Sequence[str], actual: str) -> bool:
    """Whether a text is these texts in order, with nothing but white space between them."""
    pattern = r"\s*".join(["", *(re.escape(text) for text in expected), ""])
    return re.fullmatch(pattern, actual) is not None


def unlike(expected: Sequence[str], actual: str, where: str, what: str = "") -> Difference:
    """The place where a text begins to differ, with what stands around it."""
    said = "\n".join(expected)
    differing = (at for at, pair in enumerate(zip(said, actual, strict=False)) if len({*pair}) > 1)
    at = next(differing, min(len(said), len(actual)))
    return Difference(where, what + _around(said, at), _around(actual, at))


def _around(text: str, at: int) -> str:
    found = text[max(0, at - _BEFORE) : at + _AFTER]
    return f"{found!r} at character {at}" if text else ABSENT
