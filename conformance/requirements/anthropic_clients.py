"""ANT-CC: what Claude Code needs of a gateway."""

from __future__ import annotations

from conformance.directions import names
from conformance.features import is_refused_together, quoted, refusals, refused
from conformance.kinds import Protocol
from conformance.model import Findings, Inconclusive, Recording, Violation
from conformance.registry import requirement
from conformance.requirements.lab_passage import SERVED, UNSEEN

CLIENT = "anthropic-claude-code"
FIELDS = (
    "a system prompt in blocks",
    "tool results as arrays",
    "metadata.user_id",
    "context_management",
    "eager_input_streaming",
    "defer_loading",
)
OPTIONAL = ("adaptive thinking", "output_config")


@requirement(
    "ANT-CC-007",
    on=CLIENT,
    symptom="feature-refused",
    needs=(
        "ANT-EP-002",
        "ANT-EP-009",
        "ANT-AUTH-002",
        "ANT-CACHE-003",
        "ANT-TOOL-008",
        "ANT-CONV-002",
        "ANT-CONV-010",
    ),
)
def the_clients_fields_are_accepted(recording: Recording) -> Findings:
    """What Claude Code sends beside the question works or is dropped, alone and all together."""
    asked = recording.facts.get("features", {})
    yield from refusals(recording, *FIELDS, *(name for name in OPTIONAL if name in asked))
    if is_refused_together(recording):
        yield refused(recording.final[0], "all that Claude Code sends")


@requirement(
    "ANT-CC-015", on="anthropic-large-code", symptom="feature-refused", needs=("ANT-EP-001",)
)
def code_is_no_attack(recording: Recording) -> Findings:
    """Megabytes of code and tags are judged by the API, not stopped by a firewall."""
    last = recording.last
    if last.status in (403, 406) or last.answer.is_html:
        expected = "an answer or an error of the API"
        yield Violation("response", expected, quoted(last)[:120], exchange=last.id)


@requirement(
    "ANT-CC-014",
    on=(*names("refused", (Protocol.ANTHROPIC,)), *names("failed", (Protocol.ANTHROPIC,))),
    symptom="failure-mistold",
    needs=(SERVED,),
    expects_429=True,
    judges_silence=True,
)
def a_404_says_that_something_is_not_found(recording: Recording) -> Findings:
    """A stream that the upstream refuses or fails is no 404: Claude Code would ask it again."""
    if not recording.upstream:
        yield Inconclusive(UNSEEN)
    for exchange in recording.final:
        if exchange.is_streamed and exchange.status == 404:
            yield Violation("status", "what went wrong", "404", exchange=exchange.id)
