"""One choice of an upstream's answer, put in order: one part after the other, each whole.

An upstream may go on with several calls by turns, tell the id or name of a call late or
again, and end a call without a word. Pieces may not: what belongs to a later part waits
until the part before it is complete.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterator

from reference_gateway.pieces import Piece
from reference_gateway.upstream.parts import Called, Hidden, Part, Spoken, Thought


class Assembly:
    """The parts of one choice in the order in which they began; the first one is told as it comes.

    Text and thinking give way as soon as something else begins, a call as soon as its
    arguments are a whole JSON object: an upstream that says one call after the other, as
    nearly all do, is never held up.
    """

    def __init__(self) -> None:
        self._waiting: deque[Part] = deque()
        self._calls: dict[Hashable, Called] = {}
        self.has_refused = False

    @property
    def has_calls(self) -> bool:
        """True when a tool is called."""
        return bool(self._calls)

    def think(self, text: str) -> None:
        """More thinking."""
        if text:
            self._thought().more(text)

    def sign(self, signature: str) -> None:
        """The thinking is complete; an empty signature is replaced by one of our own."""
        self._thought().sign(signature)

    def redact(self, data: str) -> None:
        """A block of thinking that nobody here can read."""
        self._waiting.append(Hidden(data))

    def say(self, text: str) -> None:
        """More text."""
        if not text:
            return
        last = self._waiting[-1] if self._waiting else None
        if not isinstance(last, Spoken):
            last = Spoken()
            self._waiting.append(last)
        last.more(text)

    def refuse(self, text: str) -> None:
        """More of the words in which the model declines to answer."""
        self.has_refused = self.has_refused or bool(text)
        self.say(text)

    def call(self, key: Hashable, id: str = "", name: str = "", arguments: str = "") -> None:
        """More of the call `key`; an id or a name that is known already is not changed.

        A name that comes with an id of its own begins another call: there are upstreams
        that number all of their calls alike.
        """
        known = self._calls.get(key)
        if known is None or (id and name and known.id not in ("", id)):
            known = self._calls[key] = Called()
            self._waiting.append(known)
        known.identify(id, name)
        known.more(arguments)

    def last_call(self) -> Hashable:
        """The key of the call that was spoken of last; None where there is none."""
        return next(reversed(self._calls), None)

    def end_call(self, key: Hashable) -> None:
        """The upstream says that the call is complete, so it holds up nothing any more."""
        if key in self._calls:
            self._calls[key].is_ended = True

    def pieces(self) -> Iterator[Piece]:
        """What can be told by now."""
        while self._waiting:
            part = self._waiting[0]
            yield from part.told()
            if len(self._waiting) == 1 or not part.is_whole:
                return
            self._waiting.popleft()
            yield from part.closed(is_cut=False)

    def closed(self, is_cut: bool) -> Iterator[Piece]:
        """All that is left; raises `UpstreamBroken` for half a call, unless the answer was cut."""
        while self._waiting:
            yield from self._waiting.popleft().closed(is_cut)

    def _thought(self) -> Thought:
        last = self._waiting[-1] if self._waiting else None
        if not isinstance(last, Thought) or last.is_signed:
            last = Thought()
            self._waiting.append(last)
        return last
