"""An Anthropic upstream's answer, whole or in events, read into pieces.

What has no neutral form is passed over: citations, and the blocks of tools that the upstream
runs itself. Pings too: the gateway keeps its clients' connections alive by a clock of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from reference_gateway.chat import Json, StopReason
from reference_gateway.errors import UpstreamBroken
from reference_gateway.pieces import Finish, Piece, Start
from reference_gateway.upstream.assembly import Assembly
from reference_gateway.upstream.events import Event
from reference_gateway.upstream.native import (
    document_of,
    json_text,
    object_of,
    objects_of,
    text_of,
)
from reference_gateway.upstream.native_usage import NativeUsage
from reference_gateway.upstream.refused import is_error, refused
from reference_gateway.upstream.stop_words import is_cut, settled, stop_reason
from reference_gateway.upstream.tally import Tally


@dataclass
class _Block:
    """A content block that was opened; its `input` counts where no fragments of it come."""

    kind: str
    input: Json
    signature: str = ""
    has_fragments: bool = False


class AnthropicReading:
    """Reads one answer; `input_tokens` is what the prompt is thought to have."""

    # The usage comes before the end, so nothing is worth waiting for after it.
    is_finished = False

    def __init__(self, input_tokens: int) -> None:
        self._usage = NativeUsage("anthropic")
        self._tally = Tally(input_tokens)
        self._assembly = Assembly()
        self._blocks: dict[object, _Block] = {}
        self._word = ""
        self._matched = ""
        self._has_started = False
        self.is_over = False

    def whole(self, document: Json) -> Iterator[Piece]:
        """The pieces of an answer that was not streamed; without a word for its end it has one."""
        if is_error(document):
            raise refused(document)
        if not isinstance(document.get("content"), list):
            raise UpstreamBroken("The model's answer has no content.")
        self._usage.add(document.get("usage"))
        yield from self._started()
        for place, block in enumerate(objects_of(document["content"])):
            self._opened(place, block)
            self._closed(place)
            yield from self._told()
        self._ended({"stop_reason": "end_turn"})
        self._ended(document)
        self.is_over = True
        yield from self.end()

    def read(self, event: Event) -> Iterator[Piece]:
        """The pieces of one event; an event of a type that is not known has none."""
        said = event.data.strip()
        if not said or event.name == "ping":
            return
        data = document_of(said)
        if event.name == "error" or is_error(data):
            raise refused(data)
        kind = text_of(data.get("type")) or event.name
        if kind != "ping":
            self._take(kind, data)
            yield from self._started()
            yield from self._told()

    def end(self) -> Iterator[Piece]:
        """What is left; raises `UpstreamBroken` where the answer is not complete."""
        if not self.is_over or not self._word:
            raise UpstreamBroken
        reason = stop_reason(self._word)
        yield from self._tally.counted(self._assembly.closed(is_cut(reason)))
        reason = settled(reason, self._assembly.has_calls, has_refused=False)
        matched = self._matched if reason is StopReason.STOP_SEQUENCE else ""
        yield Finish(reason, matched or None, self._usage.usage(self._tally.usage))

    def _take(self, kind: str | None, data: Json) -> None:
        match kind:
            case "message_start":
                self._usage.add(object_of(data.get("message")).get("usage"))
            case "content_block_start":
                self._opened(data.get("index"), object_of(data.get("content_block")))
            case "content_block_delta":
                self._more(data.get("index"), object_of(data.get("delta")))
            case "content_block_stop":
                self._closed(data.get("index"))
            case "message_delta":
                self._usage.add(data.get("usage"))
                self._ended(object_of(data.get("delta")))
            case "message_stop":
                self.is_over = True

    def _opened(self, index: object, native: Json) -> None:
        kind = text_of(native.get("type"))
        block = _Block(kind, object_of(native.get("input")), text_of(native.get("signature")))
        self._blocks[index] = block
        if kind == "text":
            self._assembly.say(text_of(native.get("text")))
        elif kind == "thinking":
            self._assembly.think(text_of(native.get("thinking")))
        elif kind == "redacted_thinking":
            self._assembly.redact(text_of(native.get("data")))
        elif kind == "tool_use":
            name = text_of(native.get("name"))
            self._assembly.call(index, text_of(native.get("id")), name)

    def _more(self, index: object, delta: Json) -> None:
        block = self._blocks.get(index, _Block("", {}))
        self._assembly.say(text_of(delta.get("text")))
        self._assembly.think(text_of(delta.get("thinking")))
        block.signature += text_of(delta.get("signature"))
        fragment = text_of(delta.get("partial_json"))
        # A tool that the upstream runs itself has an input too; it is no call of the client's.
        if fragment and block.kind == "tool_use":
            block.has_fragments = True
            self._assembly.call(index, arguments=fragment)

    def _closed(self, index: object) -> None:
        block = self._blocks.get(index, _Block("", {}))
        if block.kind == "thinking":
            self._assembly.sign(block.signature)
        elif block.kind == "tool_use":
            if block.input and not block.has_fragments:
                self._assembly.call(index, arguments=json_text(block.input))
            self._assembly.end_call(index)

    def _ended(self, native: Json) -> None:
        self._word = text_of(native.get("stop_reason")) or self._word
        self._matched = text_of(native.get("stop_sequence")) or self._matched

    def _started(self) -> Iterator[Piece]:
        if not self._has_started:
            self._has_started = True
            usage = self._usage.usage(self._tally.usage)
            yield Start(usage.input_tokens, usage.cache)

    def _told(self) -> Iterator[Piece]:
        return self._tally.counted(self._assembly.pieces())
