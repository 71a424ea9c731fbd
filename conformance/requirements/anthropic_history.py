"""ANT-TOOL, -CONV, -CACHE: what a conversation may hold that is sent back to the model."""

from __future__ import annotations

from dataclasses import replace

from conformance.features import refusals
from conformance.model import Findings, Level, Recording, Violation
from conformance.registry import requirement
from conformance.requirements.anthropic import SHAPED

HISTORY = "anthropic-history"
REFUSED = "feature-refused"
ROUND = (*SHAPED, "ANT-TOOL-007")


@requirement(
    "ANT-TOOL-008",
    on=(HISTORY, "anthropic-pictures", "anthropic-documents"),
    symptom=REFUSED,
    needs=ROUND,
)
def tool_results_take_every_form(recording: Recording) -> Findings:
    """A tool result is a string, an array of blocks or nothing, and may be an error."""
    of = {
        HISTORY: (
            "a tool result as a string",
            "a tool result as an array",
            "a tool result without content",
            "a failed tool result as a string",
            "a failed tool result as an array",
        ),
        "anthropic-pictures": ("a tool result with a picture",),
        "anthropic-documents": ("a tool result with a document",),
    }
    yield from refusals(recording, *of[recording.scenario])


@requirement("ANT-TOOL-009", on=HISTORY, symptom=REFUSED, needs=ROUND)
def text_may_follow_tool_results(recording: Recording) -> Findings:
    """Text after the tool results in the same message is accepted."""
    yield from refusals(recording, "text after a tool result")


@requirement("ANT-TOOL-010", on=HISTORY, symptom=REFUSED, needs=ROUND)
def foreign_tool_ids_are_accepted(recording: Recording) -> Findings:
    """Tool ids that another model made are accepted in the history."""
    yield from refusals(recording, "a tool id of another origin")


@requirement("ANT-TOOL-012", on=HISTORY, symptom=REFUSED, needs=ROUND)
def tools_may_name_their_type(recording: Recording) -> Findings:
    """A tool may say that its type is `custom`."""
    yield from refusals(recording, "a tool of type custom")


@requirement("ANT-TOOL-017", on=HISTORY, symptom=REFUSED, needs=ROUND)
def a_caller_is_accepted_back(recording: Recording) -> Findings:
    """`caller` on a `tool_use` block is accepted when it is sent back."""
    # That an answer carries it is a MAY; that it comes back is no choice of the client's.
    for finding in refusals(recording, "a caller on the echoed call"):
        if isinstance(finding, Violation):
            yield replace(finding, level=Level.SHOULD)
        else:
            yield finding


@requirement("ANT-CONV-001", on=HISTORY, symptom=REFUSED, needs=ROUND)
def content_is_a_string_or_blocks(recording: Recording) -> Findings:
    """Content is accepted as a string and as an array, of the user and of the assistant."""
    yield from refusals(recording, "content as strings", "content as arrays")


@requirement("ANT-CONV-007", on="anthropic-pictures", symptom=REFUSED, needs=ROUND)
def pictures_are_accepted(recording: Recording) -> Findings:
    """Pictures of the formats png, jpeg, gif and webp are accepted."""
    formats = ("png", "jpeg", "gif", "webp")
    yield from refusals(recording, *(f"an image/{name} picture" for name in formats))


@requirement("ANT-CONV-008", on="anthropic-pictures", symptom=REFUSED, needs=ROUND)
def pictures_behind_urls_are_accepted(recording: Recording) -> Findings:
    """A picture may stand behind a URL."""
    yield from refusals(recording, "a picture behind a URL")


@requirement(
    "ANT-CONV-009", on="anthropic-documents", symptom=REFUSED, needs=("ANT-STR-001", "ANT-TOOL-007")
)
def documents_are_accepted(recording: Recording) -> Findings:
    """Documents are accepted as PDF and as text, with title, context and citations."""
    yield from refusals(
        recording, "a PDF document", "a text document with title, context and citations"
    )


@requirement("ANT-CONV-010", on=HISTORY, symptom=REFUSED, needs=ROUND)
def metadata_is_accepted(recording: Recording) -> Findings:
    """`metadata.user_id` is accepted."""
    yield from refusals(recording, "metadata.user_id")


@requirement(
    "ANT-CACHE-001",
    on=(HISTORY, "anthropic-pictures"),
    symptom=REFUSED,
    needs=(*ROUND, "ANT-CONV-002"),
)
def cache_control_is_accepted(recording: Recording) -> Findings:
    """`cache_control` is accepted on every kind of block, whether or not anything is cached."""
    of = {
        HISTORY: ("a system block", "a tool", "a text block", "a tool result"),
        "anthropic-pictures": ("a picture",),
    }
    yield from refusals(recording, *(f"cache_control on {it}" for it in of[recording.scenario]))
