"""Why an upstream's model stopped: the words of both protocols, and those that leak into them."""

from __future__ import annotations

from reference_gateway.chat import StopReason
from reference_gateway.errors import UpstreamBroken, UpstreamRefused

_WORDS = {
    StopReason.END_TURN: ("stop", "end_turn", "eos", "eos_token", "complete", "completed"),
    StopReason.STOP_SEQUENCE: ("stop_sequence",),
    StopReason.TOOL_USE: ("tool_calls", "tool_call", "tool_use", "function_call"),
    StopReason.MAX_TOKENS: (
        "length",
        "max_tokens",
        "max_output_tokens",
        "max_length",
        "model_length",
        "model_context_window_exceeded",
        # Half an answer as well: what would go on with it, a client of the other
        # protocol cannot ask for.
        "pause_turn",
    ),
    StopReason.REFUSAL: (
        "content_filter",
        "content_filtered",
        "guardrail_intervened",
        "refusal",
        "safety",
        "sensitive",
        "recitation",
        "prohibited_content",
        "blocklist",
        "spii",
    ),
}
_REASONS = {word: reason for reason, words in _WORDS.items() for word in words}
_NO_ROOM = "insufficient_system_resource"
_FAILURES = ("error", "network_error", "abort", "failed")


def stop_reason(word: str) -> StopReason:
    """The reason that a word stands for; raises `UpstreamFailed` for one that means failure.

    A word that nobody knows is read as a cut: a client that is told so too often asks again,
    one that is told of a clean end works with half an answer.
    """
    known = word.casefold()
    if known == _NO_ROOM:
        raise UpstreamRefused(529, "The model has no room at the moment.", type="overloaded_error")
    if known in _FAILURES:
        raise UpstreamBroken("The model failed while it answered.")
    return _REASONS.get(known, StopReason.MAX_TOKENS)


def is_known(word: object) -> bool:
    """True for a word that says why a model stopped."""
    return isinstance(word, str) and word.casefold() in _REASONS


def settled(reason: StopReason, has_calls: bool, has_refused: bool) -> StopReason:
    """The reason that fits what the answer holds.

    Some upstreams say `stop` after a call that was forced, and others speak of calls where
    there are none; a refusal of the model's own ends in `stop` at OpenAI.
    """
    if reason is StopReason.MAX_TOKENS:
        return reason
    if has_refused:
        return StopReason.REFUSAL
    if reason is StopReason.TOOL_USE and not has_calls:
        return StopReason.END_TURN
    if has_calls and reason is not StopReason.REFUSAL:
        return StopReason.TOOL_USE
    return reason


def is_cut(reason: StopReason) -> bool:
    """True where the answer may end in the middle of a call."""
    return reason in (StopReason.MAX_TOKENS, StopReason.REFUSAL)
