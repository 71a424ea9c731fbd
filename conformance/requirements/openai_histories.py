"""OAI-PARAM, OAI-TOOL: whatever a conversation may hold is accepted and reaches the model.

That a nonce comes back is the model's doing, so it is asked for three times at most;
where it never does, the gateway has lost what held it.
"""

from __future__ import annotations

from collections.abc import Sequence

from conformance import chat
from conformance.model import (
    Exchange,
    Findings,
    Inconclusive,
    Level,
    Recording,
    Violation,
)
from conformance.nonces import LAST_WORD, NUMBER, PARTS
from conformance.registry import requirement
from conformance.requirements.anthropic_tools import refused_tool
from conformance.requirements.openai import SHAPED
from conformance.requirements.openai_tools import is_cut

SPOKEN = (*SHAPED, "OAI-CHAT-007", "OAI-CHAT-008", "OAI-CHAT-009")
_CONTENT = "body.choices[].message.content"


def unheard(answers: Sequence[Exchange], word: str, what: str, level: Level | None) -> Findings:
    """What there is to say where a word that was in the conversation never comes back."""
    if any(word.lower() in chat.text(exchange).lower() for exchange in answers):
        return
    if all(is_cut(exchange) for exchange in answers):
        yield Inconclusive("every answer was cut before it could be judged")
    else:
        expected = f"{word}, from {what}, in one of the answers"
        yield Violation(_CONTENT, expected, f"in none of {len(answers)}", level, answers[-1].id)


def not_accepted(recording: Recording, what: str, level: Level | None = None) -> Findings:
    """That a request was refused that every sound gateway serves."""
    exchange = recording.last
    words = " ".join(exchange.answer.text.split())[:120]
    yield Violation("status", f"200 for {what}", f"{exchange.status}: {words}", level)


@requirement("OAI-PARAM-001", on="openai-conversation", symptom="feature-dropped", needs=SPOKEN)
def a_system_message_takes_effect(recording: Recording) -> Findings:
    """What a system message orders is done."""
    answers = recording.served(streamed=False)
    if answers:
        yield from unheard(answers, LAST_WORD, "the system message", None)
    else:
        yield from not_accepted(recording, "a system message")


@requirement(
    "OAI-PARAM-004",
    on="openai-conversation",
    symptom="feature-dropped",
    needs=(*SPOKEN, "OAI-PARAM-001"),
)
def earlier_turns_are_known(recording: Recording) -> Findings:
    """What the first turn says is known in the third."""
    answers = recording.served(streamed=False)
    if answers:
        yield from unheard(answers, NUMBER, "the first turn", None)


@requirement("OAI-PARAM-002", on="openai-developer", symptom="feature-dropped", needs=SPOKEN)
def a_developer_message_takes_effect(recording: Recording) -> Findings:
    """What a developer message orders is done, as if a system message said it."""
    answers = recording.served(streamed=False)
    if answers:
        yield from unheard(answers, LAST_WORD, "the developer message", None)
    else:
        yield from not_accepted(recording, "a developer message")


@requirement("OAI-PARAM-003", on="openai-text-parts", symptom="feature-dropped", needs=SPOKEN)
def every_text_part_reaches_the_model(recording: Recording) -> Findings:
    """Every text part of a content is read, of a user's message and of a system message."""
    answers = recording.served(streamed=False)
    refused = [exchange for exchange in recording.final if exchange.status >= 400]
    if not answers:
        yield from not_accepted(recording, "content as text parts")
        return
    for word in PARTS:
        yield from unheard(answers, word, "a text part of the user", None)
    if refused:
        expected = "200 for system content as text parts"
        yield Violation("status", expected, str(refused[0].status), Level.SHOULD, refused[0].id)
    else:
        yield from unheard(answers, LAST_WORD, "the last part of the system message", Level.SHOULD)


@requirement("OAI-PARAM-021", on="openai-odd-histories", symptom="feature-refused", needs=SHAPED)
def odd_histories_are_no_server_error(recording: Recording) -> Findings:
    """Unusual but legal histories are accepted or refused with a 4xx, never with a 5xx."""
    for exchange in recording.final:
        if exchange.status >= 500:
            yield Violation("status", "200 or a 4xx", str(exchange.status), exchange=exchange.id)


@requirement(
    "OAI-TOOL-016", on="openai-tool-histories", symptom="tool-loop", needs=(*SHAPED, "OAI-TOOL-015")
)
def calls_need_no_content(recording: Recording) -> Findings:
    """A message with tool calls is accepted with content null, absent or empty."""
    if recording.last.status != 200:
        yield refused_tool(recording.last)


@requirement(
    "OAI-TOOL-017", on="openai-tool-results", symptom="tool-loop", needs=(*SHAPED, "OAI-TOOL-015")
)
def results_come_in_any_order_and_in_parts(recording: Recording) -> Findings:
    """Tool results are accepted in any order, and as text parts."""
    together, *apart = recording.final
    if together.status != 200 and apart and apart[0].status != 200:
        yield refused_tool(apart[0])
    elif together.status != 200 and not apart:
        yield Inconclusive(f"answered with {together.status}")


@requirement(
    "OAI-TOOL-018", on="openai-tool-results", symptom="tool-loop", needs=(*SHAPED, "OAI-TOOL-015")
)
def foreign_call_ids_are_accepted(recording: Recording) -> Findings:
    """Tool calls of a history may have ids that another vendor made."""
    together, *apart = recording.final
    if together.status != 200 and len(apart) > 1 and apart[1].status != 200:
        yield refused_tool(apart[1])
    elif together.status != 200 and len(apart) < 2:
        yield Inconclusive(f"answered with {together.status}")
