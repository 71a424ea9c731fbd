"""OpenAI Responses, outbound: the answer that is not streamed, and the wire format."""

from __future__ import annotations

from dataclasses import replace

from reference_gateway.chat import Answer, Json, Text, ToolCall
from reference_gateway.errors import GatewayError
from reference_gateway.openai_answer import OPENAI, error
from reference_gateway.responses import parse
from reference_gateway.responses_items import CUT_SHORT, ended, item_of
from reference_gateway.responses_stream import frames
from reference_gateway.wire import Frame, Heading


def response(heading: Heading, answer: Answer) -> Json:
    """The body of an answer that was not streamed."""
    output = [item_of(heading, number, part) for number, part in enumerate(_parts(answer))]
    return ended(heading, answer.stop_reason, output, answer.usage)


def _parts(answer: Answer) -> list[Text | ToolCall]:
    """Text and calls; an answer that says nothing, and was not cut, says an empty text."""
    found = [part for part in answer.parts if isinstance(part, Text | ToolCall)]
    return found or ([] if answer.stop_reason in CUT_SHORT else [Text("")])


def error_frame(problem: GatewayError, request_id: str) -> Frame:
    """An error event; a stream of ours never consists of it alone."""
    said = error(problem, request_id)["error"]
    told = {name: said[name] for name in ("code", "message", "param")}
    return Frame("error", {"type": "error", "sequence_number": 0, **told})


RESPONSES = replace(
    OPENAI,
    name="responses",
    parse=parse,
    answer=response,
    frames=frames,
    error_frame=error_frame,
    reports_failure=True,
)
