"""A text that comes in fragments: whole characters, and how many tokens each fragment adds."""

from __future__ import annotations

import re

from reference_gateway import tokens

# How far back a token may have begun: longer runs of spaces or marks are counted by pieces.
_LONGEST_TOKEN = 64
_SURROGATE = re.compile("[\ud800-\udfff]")
_HIGH_SURROGATES = range(0xD800, 0xDC00)
_LOST = "\ufffd"


def whole(text: str) -> str:
    """The text with pairs of surrogates joined; one without its other half is lost."""
    if not _SURROGATE.search(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


class Fragments:
    """Joins a text; half a character waits for its other half.

    An upstream that escapes what is beyond the basic plane may cut between the two escapes,
    and what is decoded by itself then can never be joined again.
    """

    def __init__(self) -> None:
        self._half = ""
        self._tail = ""

    def more(self, text: str) -> tuple[str, int]:
        """What can be said with the next fragment, and the tokens that it adds."""
        text, self._half = self._half + text, ""
        if text and ord(text[-1]) in _HIGH_SURROGATES:
            text, self._half = text[:-1], text[-1]
        return self._counted(whole(text))

    def rest(self) -> tuple[str, int]:
        """What is left when no fragment follows."""
        half, self._half = self._half, ""
        return self._counted(_LOST if half else "")

    def _counted(self, text: str) -> tuple[str, int]:
        """What is new is counted with the token before it, so that cuts hardly add tokens."""
        found = tokens.split(self._tail + text)
        added = len(found) - bool(self._tail)
        self._tail = found[-1][-_LONGEST_TOKEN:] if found else ""
        return text, added
