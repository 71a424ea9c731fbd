"""OpenAI Responses, outbound: the events that build a streamed response up."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

from reference_gateway.chat import Json, Text, ToolCall
from reference_gateway.errors import GatewayError
from reference_gateway.openai_answer import error
from reference_gateway.pieces import ArgumentsDelta, CallStart, Finish, Piece, Start, TextDelta
from reference_gateway.responses_items import (
    CUT_SHORT,
    ended,
    item_of,
    message_item,
    response_object,
    text_part,
)
from reference_gateway.wire import Frame, Heading


@dataclass
class _Open:
    """The output item that is being built: what it will be, and its text so far."""

    number: int
    part: Text | ToolCall

    @property
    def said(self) -> str:
        return self.part.text if isinstance(self.part, Text) else self.part.arguments


class _Stream:
    """The events of one stream: one item after the other, each opened, filled and closed."""

    def __init__(self, heading: Heading) -> None:
        self.heading = heading
        self.sequence = 0
        self.output: list[Json] = []
        self.open: _Open | None = None

    def frames(self, piece: Piece) -> list[Frame]:
        """The events of one piece; what a response has no place for has none."""
        if isinstance(piece, Start):
            steps = ("response.created", "response.in_progress")
            return [self._event(step, response=self._begun()) for step in steps]
        if isinstance(piece, TextDelta):
            return [*self._opened(Text("")), self._delta("output_text", piece.text)]
        if isinstance(piece, CallStart):
            return [*self._closed(), *self._opened(ToolCall(piece.id, piece.name, ""))]
        if isinstance(piece, ArgumentsDelta):
            return [self._delta("function_call_arguments", piece.text)]
        return self._finished(piece) if isinstance(piece, Finish) else []

    def failed(self, problem: GatewayError) -> list[Frame]:
        """What ends a stream that failed half-way: the error, then the failed response."""
        said = error(problem, "")["error"]
        told = {name: said[name] for name in ("code", "message", "param")}
        failed = {"code": said["code"] or "server_error", "message": said["message"]}
        last = {**response_object(self.heading, "failed"), "output": self.output, "error": failed}
        return [self._event("error", **told), self._event("response.failed", response=last)]

    def _begun(self) -> Json:
        return response_object(self.heading, "in_progress")

    def _event(self, kind: str, **fields: object) -> Frame:
        data = {"type": kind, "sequence_number": self.sequence, **fields}
        self.sequence += 1
        return Frame(kind, data)

    def _opened(self, part: Text | ToolCall) -> list[Frame]:
        """The events that open an item; none where a text goes on."""
        if self.open is not None and isinstance(self.open.part, type(part)):
            return []
        before = self._closed()
        self.open = _Open(len(self.output), part)
        item = message_item(self.heading, self.open.number, []) if isinstance(part, Text) else None
        item = item or item_of(self.heading, self.open.number, part)
        opened = [self._at("response.output_item.added", item=item)]
        if isinstance(part, Text):
            opened.append(self._placed("response.content_part.added", part=text_part("")))
        return [*before, *opened]

    def _delta(self, kind: str, text: str) -> Frame:
        """More of the open item, which remembers it."""
        if self.open is None:
            raise ValueError("A delta came before its item.")
        part = self.open.part
        if isinstance(part, Text):
            self.open.part = Text(part.text + text)
            return self._placed(f"response.{kind}.delta", delta=text, logprobs=[])
        self.open.part = replace(part, arguments=part.arguments + text)
        return self._placed(f"response.{kind}.delta", delta=text)

    def _closed(self) -> list[Frame]:
        """The events that close the open item; none where there is none."""
        if self.open is None:
            return []
        item, said = item_of(self.heading, self.open.number, self.open.part), self.open.said
        if isinstance(self.open.part, Text):
            filled = [
                self._placed("response.output_text.done", text=said, logprobs=[]),
                self._placed("response.content_part.done", part=text_part(said)),
            ]
        else:
            done = "response.function_call_arguments.done"
            filled = [self._placed(done, name=self.open.part.name, arguments=said)]
        filled.append(self._at("response.output_item.done", item=item))
        self.output.append(item)
        self.open = None
        return filled

    def _at(self, kind: str, **fields: object) -> Frame:
        return self._event(kind, output_index=len(self.output), **fields)

    def _placed(self, kind: str, **fields: object) -> Frame:
        """An event inside the open item."""
        item = item_of(self.heading, len(self.output), self.open.part if self.open else Text(""))
        place = {"content_index": 0} if item["type"] == "message" else {}
        return self._at(kind, item_id=item["id"], **place, **fields)

    def _finished(self, piece: Finish) -> list[Frame]:
        is_cut = piece.stop_reason in CUT_SHORT
        silent = not self.output and self.open is None and not is_cut
        frames = [*(self._opened(Text("")) if silent else []), *self._closed()]
        last = ended(self.heading, piece.stop_reason, self.output, piece.usage)
        return [*frames, self._event(f"response.{last['status']}", response=last)]


async def frames(heading: Heading, pieces: AsyncIterator[Piece]) -> AsyncIterator[Frame]:
    """The events of a streamed answer, each as soon as its piece is there."""
    stream = _Stream(heading)
    try:
        async for piece in pieces:
            for frame in stream.frames(piece):
                yield frame
    except GatewayError as problem:
        for frame in stream.failed(problem):
            yield frame
        raise
