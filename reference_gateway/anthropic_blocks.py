"""Anthropic Messages, outbound: content blocks, whole or as their start and their deltas."""

from __future__ import annotations

import json

from reference_gateway.chat import (
    AnswerPart,
    Citation,
    Json,
    RedactedThinking,
    Text,
    Thinking,
    ToolCall,
)
from reference_gateway.pieces import (
    ArgumentsDelta,
    CallStart,
    Cited,
    Piece,
    Redacted,
    Signature,
    TextDelta,
    ThinkingDelta,
)


def blocks(parts: tuple[AnswerPart, ...]) -> list[Json]:
    """The blocks of an answer that was not streamed.

    A call that was cut in its arguments is left out: a block cannot hold half of them, and
    a client must not run the tool with none.
    """
    return [_block(part) for part in parts if not isinstance(part, ToolCall) or part.is_whole]


def _block(part: AnswerPart) -> Json:
    if isinstance(part, Text):
        cited = {"citations": [_citation(each) for each in part.citations]}
        return {"type": "text", "text": part.text, **(cited if part.citations else {})}
    if isinstance(part, Thinking):
        return {"type": "thinking", "thinking": part.text, "signature": part.signature}
    if isinstance(part, RedactedThinking):
        return {"type": "redacted_thinking", "data": part.data}
    arguments = json.loads(part.arguments)
    return {"type": "tool_use", "id": part.id, "name": part.name, "input": arguments}


def begun(piece: Piece, open: str | None) -> Json | None:
    """The skeleton of the block that a piece begins; None where it goes on with the open one."""
    if isinstance(piece, CallStart):
        return {"type": "tool_use", "id": piece.id, "name": piece.name, "input": {}}
    if isinstance(piece, Redacted):
        return {"type": "redacted_thinking", "data": piece.data}
    if isinstance(piece, ThinkingDelta | Signature) and open != "thinking":
        return {"type": "thinking", "thinking": "", "signature": ""}
    if isinstance(piece, TextDelta | Cited) and open != "text":
        return {"type": "text", "text": ""}
    return None


def delta(piece: Piece, has_argued: bool) -> Json | None:
    """What a piece adds to its block; None where the start of the block says it all.

    `has_argued` where the open call has said something of its arguments before.
    """
    match piece:
        case TextDelta():
            found: Json = {"type": "text_delta", "text": piece.text}
        case Cited():
            found = {"type": "citations_delta", "citation": _citation(piece.citation)}
        case ThinkingDelta():
            found = {"type": "thinking_delta", "thinking": piece.text}
        case Signature():
            found = {"type": "signature_delta", "signature": piece.text}
        case CallStart():
            found = {"type": "input_json_delta", "partial_json": ""}
        # A call without arguments sends no more than the empty fragment.
        case ArgumentsDelta() if has_argued or piece.text != "{}":
            found = {"type": "input_json_delta", "partial_json": piece.text}
        case _:
            return None
    return found


def _citation(citation: Citation) -> Json:
    return {
        "type": "char_location",
        "cited_text": citation.text,
        "document_index": citation.document,
        "document_title": citation.title or None,
        "start_char_index": citation.start,
        "end_char_index": citation.start + len(citation.text),
    }
