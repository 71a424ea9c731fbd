"""ANT-VAL: invalid requests are refused, in one way, and never crash the gateway."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from conformance.kinds import Kind
from conformance.model import Exchange, Findings, Inconclusive, Level, Recording, Violation
from conformance.registry import requirement

SYMPTOM = "invalid-accepted"
ANSWERED = ("ANT-EP-001",)
"""A gateway that refuses everything refuses nothing for its own sake."""
BAD_REQUEST = 400
TOO_LARGE = 413


@dataclass(frozen=True)
class Row:
    """What is wrong in the requests of one id, and the words of which a refusal names one."""

    id: str
    wrong: str
    names: tuple[str, ...] = ()
    scenario: str = ""

    @property
    def on(self) -> str:
        """The scenario that sends them."""
        return self.scenario or f"anthropic-{self.id.removeprefix('ANT-').lower()}"


ROWS = (
    Row("ANT-VAL-010", "A body that is not JSON"),
    Row("ANT-VAL-011", "An empty body"),
    Row("ANT-VAL-012", "A body that is JSON but no object"),
    Row("ANT-VAL-013", "A request without `model`", ("model",)),
    Row("ANT-VAL-014", "A request without `messages`", ("messages",)),
    Row("ANT-VAL-015", "An empty list of messages", ("messages",), "anthropic-invalid"),
    Row("ANT-VAL-016", "`messages` that is no list of objects", ("messages",)),
    Row("ANT-VAL-017", "A request without `max_tokens`", ("max_tokens",)),
    Row("ANT-VAL-018", "`max_tokens` that is no positive integer", ("max_tokens",)),
    Row("ANT-VAL-021", "A role other than user, assistant and system", ("role", "messages")),
    Row("ANT-VAL-026", "A temperature below 0 or above 1", ("temperature",)),
    Row("ANT-VAL-028", "A content block of no known type", ("messages", "content", "type")),
    Row("ANT-VAL-029", "A text block without text", ("messages", "content", "text")),
    Row("ANT-VAL-030", "No content in a message that is not the last", ("messages", "content")),
    Row("ANT-VAL-032", "A tool call that nothing answers", ("messages", "tool_use")),
    Row(
        "ANT-VAL-033",
        "A tool result that answers no call",
        ("messages", "tool_use_id", "tool_result"),
    ),
    Row("ANT-VAL-034", "Text before a tool result", ("messages", "tool_result", "tool_use")),
    Row("ANT-VAL-035", "Two tools of one name", ("tools",)),
    Row("ANT-VAL-036", "A tool name with a space or of 129 characters", ("tools", "name")),
    Row("ANT-VAL-037", "A tool without a name or an object's schema", ("tools",)),
    Row("ANT-VAL-038", "A tool in OpenAI's form", ("tools",)),
    Row("ANT-VAL-039", "A tool forced where none is offered", ("tool_choice", "tools")),
    Row("ANT-VAL-040", "A forced tool that is not offered", ("tool_choice", "tools")),
    Row("ANT-VAL-041", "A tool choice that is a text or of no known type", ("tool_choice",)),
    Row("ANT-VAL-042", "An image that is no base64", ("messages", "image", "source", "base64")),
    Row("ANT-VAL-043", "An image of a type other than the four", ("messages", "media_type")),
    Row("ANT-VAL-045", "A stop sequence of white space only", ("stop_sequences",)),
    Row("ANT-VAL-046", "`stop_sequences` that is a text", ("stop_sequences",)),
    Row("ANT-VAL-047", "More than four blocks with `cache_control`", ("cache_control",)),
    Row(
        "ANT-VAL-048",
        "A thinking budget below 1,024 or not below `max_tokens`",
        ("budget_tokens", "max_tokens"),
    ),
    Row("ANT-VAL-049", "Thinking with a temperature other than 1", ("temperature",)),
    Row("ANT-VAL-050", "Thinking with a forced tool", ("thinking", "tool_choice")),
    Row(
        "ANT-VAL-057",
        "A schema for the answer that leaves objects open",
        ("output_config", "output_format", "additionalProperties", "schema"),
    ),
    Row(
        "ANT-VAL-058",
        "A system message that does not follow a user's turn",
        ("messages", "role", "system"),
    ),
)


def _register(row: Row) -> None:
    def rule(recording: Recording) -> Findings:
        for exchange in recording.final:
            yield from not_refused(exchange)

    rule.__doc__ = f"{row.wrong} is refused with a 4xx."
    requirement(row.id, on=row.on, symptom=SYMPTOM, needs=ANSWERED)(rule)


for _row in ROWS:
    _register(_row)


def not_refused(exchange: Exchange) -> Findings:
    """A violation unless an invalid request got a 4xx; how it was refused is ANT-VAL-000's."""
    if not 400 <= exchange.status < 500:
        served = ": the request was served" if exchange.status < 300 else ""
        yield Violation("status", "400", f"{exchange.status}{served}", exchange=exchange.id)


@requirement("ANT-VAL-000", on=tuple(row.on for row in ROWS), symptom=SYMPTOM, needs=ANSWERED)
def invalid_requests_never_break_the_gateway(recording: Recording) -> Findings:
    """An invalid request never yields a 5xx, a hang, a body that is not JSON, or a false 200."""
    for exchange in recording.final:
        yield from _broken(exchange)


def _broken(exchange: Exchange) -> Iterator[Violation]:
    answer, status = exchange.answer, exchange.status
    if status >= 500:
        words = " ".join(answer.text.split())[:160]
        yield Violation("status", "400", f"{status}: {words}", exchange=exchange.id)
    elif not isinstance(answer.json, dict):
        shown = answer.text[:80].strip() or "nothing"
        yield Violation("body", "a JSON object", shown, exchange=exchange.id)
    elif status < 300 and (answer.object.get("type") == "error" or "error" in answer.object):
        yield Violation("status", "400 with an error", f"{status} with one", exchange=exchange.id)
    elif status >= 400 and status != BAD_REQUEST:
        yield Violation("status", "400", str(status), Level.SHOULD, exchange.id)


@requirement(
    "ANT-VAL-001",
    on=tuple(row.on for row in ROWS if row.names),
    symptom="errors-unreadable",
    needs=ANSWERED,
)
def refusals_name_the_field(recording: Recording) -> Findings:
    """The message of a refusal names the path of the field that is wrong."""
    names = next(row.names for row in ROWS if row.on == recording.scenario)
    refused = [exchange for exchange in recording.final if exchange.status == BAD_REQUEST]
    for exchange in refused:
        error = exchange.answer.object.get("error")
        message = str(error.get("message", "")) if isinstance(error, dict) else ""
        if not any(re.search(rf"\b{name}\b", message) for name in names):
            expected = f"a path with {' or '.join(names)}"
            yield Violation("body.error.message", expected, message[:160], exchange=exchange.id)
    if not refused:
        yield Inconclusive("no request was refused with 400")


@requirement(
    "ANT-VAL-023",
    on="anthropic-forms",
    feature="same role",
    symptom="request-refused",
    needs=ANSWERED,
)
def same_roles_in_a_row_are_accepted(recording: Recording) -> Findings:
    """Consecutive messages of the same role are accepted."""
    last = recording.last
    if last.kind is not Kind.ANTHROPIC_MESSAGE or last.status != 200:
        words = " ".join(last.answer.text.split())[:160]
        yield Violation("status", "200", f"{last.status}: {words}", exchange=last.id)


@requirement("ANT-VAL-052", on="anthropic-val-052", symptom=SYMPTOM, needs=ANSWERED)
def too_long_prompts_are_called_so(recording: Recording) -> Findings:
    """A prompt beyond the context window is refused with 400 and `prompt is too long`."""
    last = recording.last
    if last.status != BAD_REQUEST:
        yield Violation("status", "400", str(last.status), exchange=last.id)
    elif "prompt is too long" not in last.answer.text.lower():
        words = " ".join(last.answer.text.split())[:160]
        expected = "the words `prompt is too long`, on which clients compact"
        yield Violation("body.error.message", expected, words, exchange=last.id)


@requirement(
    "ANT-VAL-053",
    on="anthropic-val-053",
    symptom=SYMPTOM,
    needs=ANSWERED,
    judges_silence=True,
)
def too_large_bodies_are_refused(recording: Recording) -> Findings:
    """A body over 32 MB is refused with 413 and `request_too_large`, in JSON."""
    last = recording.final[0]
    expected = "413 with an error in JSON"
    if last.response is None:
        detail = last.failure.detail if last.failure else "no answer"
        yield Violation("response", expected, detail, exchange=last.id)
        return
    error = last.answer.object.get("error")
    if last.status != TOO_LARGE:
        yield Violation("status", expected, str(last.status), exchange=last.id)
    elif not isinstance(error, dict) or error.get("type") != "request_too_large":
        found = last.answer.text[:80].strip() or "nothing"
        yield Violation("body.error.type", "request_too_large", found, exchange=last.id)
