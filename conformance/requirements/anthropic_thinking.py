"""ANT-THK: a model that thinks before it answers, and gets its thoughts back."""

from __future__ import annotations

from conformance import messages
from conformance.features import exchange_of, quoted, refused
from conformance.kinds import Kind
from conformance.model import (
    Exchange,
    Findings,
    Inconclusive,
    Level,
    NotApplicable,
    Recording,
    Violation,
)
from conformance.registry import requirement
from conformance.requirements.anthropic import SHAPED
from conformance.requirements.anthropic_sse import NAMED

CALL, FORGED, ECHO = range(3)


@requirement("ANT-THK-001", on="anthropic-thinking", symptom="feature-refused", needs=SHAPED)
def thinking_with_a_budget_is_accepted(recording: Recording) -> Findings:
    """Thinking with a budget is accepted, and its blocks have a text and a signature."""
    first = recording.final[CALL]
    if first.status != 200:
        yield refused(first, "thinking of type enabled")
    for index, block in enumerate(messages.content(first)):
        if block.get("type") == "thinking" and not block.get("signature"):
            where = f"body.content[{index}].signature"
            yield Violation(where, "a signature", "none", Level.SHOULD, first.id)


@requirement(
    "ANT-THK-002", on="anthropic-thinking-adaptive", symptom="feature-refused", needs=NAMED
)
def adaptive_thinking_is_accepted(recording: Recording) -> Findings:
    """Adaptive thinking is accepted; where it is to be omitted its text is empty."""
    for exchange in recording.final:
        mode = exchange.request.json["thinking"]
        if exchange.status != 200:
            yield refused(exchange, f"thinking of type adaptive, display {mode['display']}")
        elif mode["display"] == "omitted" and _thought(exchange):
            yield Violation("events", "no text of thinking", "some", exchange=exchange.id)


def _thought(exchange: Exchange) -> str:
    parts = [delta.get("thinking") for _, _, delta in messages.deltas(exchange)]
    return "".join(part for part in parts if isinstance(part, str))


@requirement(
    "ANT-THK-003",
    on="anthropic-thinking",
    symptom="tool-loop",
    needs=(*SHAPED, "ANT-BLK-001", "ANT-BLK-002", "ANT-THK-001", "ANT-CONV-005", "ANT-TOOL-007"),
)
def thinking_can_be_sent_back(recording: Recording) -> Findings:
    """Thinking goes back with its tool call as it came; with a forged signature it is refused."""
    answered = [e for e in recording.final if "tool_result" in str(e.request.json)]
    if not answered or "signature" not in str(answered[-1].request.json):
        yield Inconclusive("the model did not think before it called the tool")
        return
    forged, echo = answered[0], answered[-1]
    if echo.status != 200:
        yield refused(echo, "thinking blocks sent back as they came")
    if forged.status == 200:
        yield Violation("status", "400 for a forged signature", "200", Level.SHOULD, forged.id)


@requirement(
    "ANT-THK-004",
    on="anthropic-history",
    symptom="feature-refused",
    needs=(*SHAPED, "ANT-TOOL-007"),
)
def thinking_can_be_turned_off(recording: Recording) -> Findings:
    """With thinking disabled there are no thinking blocks; a model may refuse to stop thinking."""
    exchange = exchange_of(recording, "thinking disabled")
    if exchange is None or exchange.kind is not Kind.ANTHROPIC_MESSAGE:
        found = quoted(exchange) if exchange else "it was not asked for"
        yield NotApplicable(f"thinking cannot be turned off: {found}")
        return
    for index, block in enumerate(messages.content(exchange)):
        if block.get("type") in ("thinking", "redacted_thinking"):
            where = f"body.content[{index}]"
            yield Violation(where, "no thinking", "a thinking block", exchange=exchange.id)


@requirement(
    "ANT-THK-005",
    on="anthropic-thinking-adaptive",
    symptom="wrong-bill",
    needs=(*NAMED, "ANT-STR-024"),
)
def thinking_is_counted(recording: Recording) -> Findings:
    """Thinking is part of `output_tokens`: they are more than the text alone can be."""
    shown = [exchange for exchange in recording.served(streamed=True) if _thought(exchange)]
    if not shown:
        yield Inconclusive("no thinking was shown")
    for exchange in shown:
        words = len(_thought(exchange).split()) + len(messages.text(exchange).split())
        counted = messages.usage(exchange).get("output_tokens")
        if isinstance(counted, int) and counted < words:
            where = "events.message_delta.usage.output_tokens"
            expected = f"{words} or more, for as many words with the thinking"
            yield Violation(where, expected, str(counted), exchange=exchange.id)
