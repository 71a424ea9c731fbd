"""The parts that an upstream's answer is assembled from; each tells itself in pieces."""

from __future__ import annotations

import secrets
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Protocol

from reference_gateway import tokens
from reference_gateway.chat import ToolCall
from reference_gateway.errors import UpstreamBroken
from reference_gateway.pieces import (
    ArgumentsDelta,
    CallStart,
    Piece,
    Redacted,
    Signature,
    TextDelta,
    ThinkingDelta,
)
from reference_gateway.signatures import sign
from reference_gateway.upstream.fragments import Fragments, whole

_NO_ARGUMENTS = "{}"
# How upstreams say that a call has no arguments, and the fragments that may become one of it.
_NOTHING = ("", _NO_ARGUMENTS, "null")
_UNDECIDED = (*_NOTHING, "{", "n", "nu", "nul")


class Part(Protocol):
    """A part of an answer."""

    @property
    def is_whole(self) -> bool:
        """True when the part that began after it need not wait for it."""

    def told(self) -> Iterator[Piece]:
        """What has come since it was asked last."""

    def closed(self, is_cut: bool) -> Iterator[Piece]:
        """The rest; `is_cut` when the model was stopped before it had said all."""


class _Prose(ABC):
    """Text in fragments, of whichever sort."""

    is_whole = True

    def __init__(self) -> None:
        self._fragments = Fragments()
        self._new = ""

    def more(self, text: str) -> None:
        """Add a fragment."""
        self._new += text

    def told(self) -> Iterator[Piece]:
        """The new text."""
        text, count = self._fragments.more(self._new)
        self._new = ""
        if text:
            yield self._piece(text, count)

    def closed(self, is_cut: bool) -> Iterator[Piece]:
        """The new text, and half a character that nothing completed."""
        del is_cut  # Half a text is a text.
        yield from self.told()
        text, count = self._fragments.rest()
        if text:
            yield self._piece(text, count)

    @abstractmethod
    def _piece(self, text: str, count: int) -> Piece:
        """The piece that says this text, so many tokens long."""


class Spoken(_Prose):
    """Text of the answer."""

    def _piece(self, text: str, count: int) -> Piece:
        return TextDelta(text, count)


class Thought(_Prose):
    """Thinking; where the upstream does not sign it, we do."""

    def __init__(self) -> None:
        super().__init__()
        self._said: list[str] = []
        self._signature = ""
        self.is_signed = False

    def sign(self, signature: str) -> None:
        """Nothing more is thought in this block."""
        self._signature, self.is_signed = signature, True

    def closed(self, is_cut: bool) -> Iterator[Piece]:
        """The rest of the thinking, and its signature."""
        yield from super().closed(is_cut)
        yield Signature(self._signature or sign("".join(self._said)))

    def _piece(self, text: str, count: int) -> Piece:
        self._said.append(text)
        return ThinkingDelta(text, count)


class Hidden:
    """Thinking that cannot be read."""

    is_whole = True

    def __init__(self, data: str) -> None:
        self._data = data

    def told(self) -> Iterator[Piece]:
        """Nothing: it is told whole."""
        return iter(())

    def closed(self, is_cut: bool) -> Iterator[Piece]:
        """The block."""
        del is_cut  # It came whole.
        yield Redacted(self._data, tokens.count(self._data))


class Called:
    """A tool call; it begins when both its id and its name are known."""

    def __init__(self) -> None:
        self.id = ""
        self.is_ended = False
        self._name = ""
        self._arguments: list[str] = []
        self._new = ""
        self._fragments = Fragments()
        self._has_begun = False
        self._has_argued = False
        self._is_closed = False

    @property
    def is_whole(self) -> bool:
        """True when its arguments are complete."""
        return self.is_ended or self._call.is_whole

    def identify(self, id: str, name: str) -> None:
        """Say who it is, as far as that is not known."""
        self.id, self._name = self.id or whole(id), self._name or whole(name)

    def more(self, arguments: str) -> None:
        """Add a fragment of the arguments."""
        if self._is_closed and arguments.strip():
            raise UpstreamBroken("The model went on with a tool call that was complete.")
        self._new += arguments

    def told(self) -> Iterator[Piece]:
        """Its begin, and the new fragments of its arguments."""
        if self.id and self._name:
            yield from self._begun()
            if self._has_argued or self._new.strip() not in _UNDECIDED:
                said, self._new = self._new, ""
                yield from self._argued(*self._fragments.more(said))

    def closed(self, is_cut: bool) -> Iterator[Piece]:
        """The rest of it; a call that never got a name is left out where the answer was cut."""
        self._is_closed = True
        if not self._name and is_cut:
            return
        if not self._name:
            raise UpstreamBroken("The model called a tool without saying which.")
        self.id = self.id or f"call_{secrets.token_hex(12)}"
        yield from self.told()
        if not self._has_argued:
            yield from self._decided(is_cut)
        yield from self._argued(*self._fragments.rest())
        if not is_cut and not self._call.is_whole:
            raise UpstreamBroken("The model called a tool with arguments that are no object.")

    @property
    def _call(self) -> ToolCall:
        return ToolCall(self.id, self._name, "".join(self._arguments) + self._new)

    def _begun(self) -> Iterator[Piece]:
        if not self._has_begun:
            self._has_begun = True
            count = tokens.CALL_OVERHEAD_TOKENS + tokens.count(self._name)
            yield CallStart(self.id, self._name, count)

    def _decided(self, is_cut: bool) -> Iterator[Piece]:
        """Arguments that stayed undecided to the end."""
        said, self._new = self._new, ""
        if said.strip() not in _NOTHING:
            yield from self._argued(*self._fragments.more(said))
        elif not is_cut:
            yield from self._argued(_NO_ARGUMENTS, tokens.count(_NO_ARGUMENTS))

    def _argued(self, text: str, count: int) -> Iterator[Piece]:
        if text:
            self._has_argued = True
            self._arguments.append(text)
            yield ArgumentsDelta(text, count)
