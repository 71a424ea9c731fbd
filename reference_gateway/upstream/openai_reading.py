"""An OpenAI-compatible upstream's answer, whole or in chunks, read into pieces.

What has no neutral form is passed over: annotations, likelihoods, audio, encrypted reasoning.
Which stop sequence ended an answer, only some vendors tell (`stop_reason` in the choice);
otherwise such an end is an end like any other.
"""

from __future__ import annotations

from collections.abc import Iterator

from reference_gateway.chat import Json, StopReason
from reference_gateway.errors import UpstreamBroken
from reference_gateway.pieces import Finish, NextChoice, Piece, Start
from reference_gateway.upstream.assembly import Assembly
from reference_gateway.upstream.events import Event
from reference_gateway.upstream.native import (
    DONE,
    document_of,
    json_text,
    object_of,
    objects_of,
    text_of,
    texts_of,
)
from reference_gateway.upstream.native_usage import NativeUsage
from reference_gateway.upstream.refused import is_error, refused
from reference_gateway.upstream.stop_words import is_cut, is_known, settled, stop_reason
from reference_gateway.upstream.tally import Tally

_REASONING = ("reasoning_content", "reasoning")


class OpenAIReading:
    """Reads one answer; `input_tokens` is what the prompt is thought to have."""

    def __init__(self, input_tokens: int) -> None:
        self._usage = NativeUsage("openai")
        self._tally = Tally(input_tokens)
        self._choices: dict[int, _Choice] = {}
        self._current = 0
        self._has_started = False
        self.is_over = False

    @property
    def is_finished(self) -> bool:
        """True when every choice has ended; only the usage may follow."""
        return bool(self._choices) and all(choice.word for choice in self._choices.values())

    def whole(self, document: Json) -> Iterator[Piece]:
        """The pieces of an answer that was not streamed."""
        if is_error(document):
            raise refused(document)
        self._usage.add(document.get("usage"))
        choices = objects_of(document.get("choices"))
        if not choices:
            raise UpstreamBroken("The model's answer has no choices.")
        yield from self._started()
        for place, choice in enumerate(choices):
            found = self._choice({"index": place, **choice})
            found.whole(choice)
            yield from self._told(found)
        yield from self.end()

    def read(self, event: Event) -> Iterator[Piece]:
        """The pieces of one event."""
        if event.data.strip() == DONE:
            self.is_over = True
            return
        if not event.data.strip() or event.name == "ping":
            return
        chunk = document_of(event.data)
        if event.name == "error" or is_error(chunk):
            raise refused(chunk)
        self._usage.add(chunk.get("usage"))
        if "choices" in chunk:
            yield from self._started()
        for choice in objects_of(chunk.get("choices")):
            found = self._choice(choice)
            found.more(choice)
            yield from self._told(found)

    def end(self) -> Iterator[Piece]:
        """What is left; raises `UpstreamBroken` where the answer is not complete."""
        if not self.is_finished:
            raise UpstreamBroken
        for choice in sorted(self._choices.values(), key=lambda choice: choice.index):
            yield from self._turned(choice)
            reason = choice.reason()
            yield from self._tally.counted(choice.assembly.closed(is_cut(reason)))
            usage = self._usage.usage(self._tally.usage)
            yield Finish(reason, choice.stop_sequence(reason), usage)

    def _started(self) -> Iterator[Piece]:
        if not self._has_started:
            self._has_started = True
            usage = self._usage.usage(self._tally.usage)
            yield Start(usage.input_tokens, usage.cache)

    def _choice(self, native: Json) -> _Choice:
        index = native.get("index")
        index = index if isinstance(index, int) else 0
        return self._choices.setdefault(index, _Choice(index))

    def _told(self, choice: _Choice) -> Iterator[Piece]:
        for number, piece in enumerate(self._tally.counted(choice.assembly.pieces())):
            if number == 0:
                yield from self._turned(choice)
            yield piece

    def _turned(self, choice: _Choice) -> Iterator[Piece]:
        if choice.index != self._current:
            self._current = choice.index
            yield NextChoice(choice.index)


class _Choice:
    """One choice of an answer."""

    def __init__(self, index: int) -> None:
        self.index = index
        self.assembly = Assembly()
        self.word = ""
        self._matched = ""

    def whole(self, native: Json) -> None:
        """Read a choice that came whole; without a word for its end it has ended all the same."""
        message = native.get("message")
        self._say(object_of(message), is_whole=True)
        self._ended(native)
        if not self.word and not isinstance(message, dict):
            raise UpstreamBroken("The model's answer has a choice without a message.")
        self.word = self.word or "stop"

    def more(self, native: Json) -> None:
        """Read one more chunk of it."""
        self._say(object_of(native.get("delta")), is_whole=False)
        self._ended(native)

    def reason(self) -> StopReason:
        """Why it ended."""
        found = stop_reason(self.word)
        if self._matched and found is StopReason.END_TURN:
            found = StopReason.STOP_SEQUENCE
        return settled(found, self.assembly.has_calls, self.assembly.has_refused)

    def stop_sequence(self, reason: StopReason) -> str | None:
        """The sequence that ended it, where that is known."""
        return self._matched if reason is StopReason.STOP_SEQUENCE and self._matched else None

    def _ended(self, native: Json) -> None:
        self.word = _stop_word(native) or self.word
        matched = native.get("stop_reason")
        if isinstance(matched, str) and matched and not is_known(matched):
            self._matched = matched

    def _say(self, said: Json, *, is_whole: bool) -> None:
        """Read a message or a delta; thinking stands before the text that comes with it."""
        thought = (text for name in _REASONING if (text := text_of(said.get(name))))
        self.assembly.think(next(thought, ""))
        self._content(said.get("content"))
        self.assembly.refuse(text_of(said.get("refusal")))
        for place, call in enumerate(objects_of(said.get("tool_calls"))):
            self._call(("place", place) if is_whole else self._key(call), call)
        legacy = object_of(said.get("function_call"))
        if legacy:
            self._call("function_call", {"function": legacy})

    def _content(self, content: object) -> None:
        """Text: a string, a list of parts, or where JSON was asked for, an object."""
        if isinstance(content, dict):
            self.assembly.say(json_text(content))
        elif isinstance(content, str):
            self.assembly.say(content)
        for part in objects_of(content):
            self.assembly.think("".join(texts_of(part.get("thinking"))))
            self.assembly.say(text_of(part.get("text")))
            self.assembly.refuse(text_of(part.get("refusal")))

    def _key(self, call: Json) -> object:
        """What tells the calls apart: their index; without one, a name begins the next call."""
        index = call.get("index")
        if isinstance(index, int):
            return index
        last = self.assembly.last_call()
        is_new = last is None or text_of(object_of(call.get("function")).get("name"))
        return ("nameless", object()) if is_new else last

    def _call(self, key: object, call: Json) -> None:
        function = object_of(call.get("function"))
        arguments = function.get("arguments")
        said = json_text(arguments) if isinstance(arguments, dict) else text_of(arguments)
        id, name = text_of(call.get("id")), text_of(function.get("name"))
        if id or name or said:  # Some send the skeleton of a call with every answer.
            self.assembly.call(key, id, name, said)


def _stop_word(native: Json) -> str:
    """The word for the end of a choice; what the vendor behind a router said is told truer."""
    word, original = text_of(native.get("finish_reason")), native.get("native_finish_reason")
    if word and isinstance(original, str) and is_known(original):
        return original if is_cut(stop_reason(original)) else word
    return word
