"""What plain and streamed chat completions have in common: calls, likelihoods, usage, ends."""

from __future__ import annotations

from reference_gateway.chat import Json, Likelihood, StopReason, Usage
from reference_gateway.wire import Heading

FINISH_REASONS = {
    StopReason.END_TURN: "stop",
    StopReason.STOP_SEQUENCE: "stop",
    StopReason.MAX_TOKENS: "length",
    StopReason.TOOL_USE: "tool_calls",
    StopReason.REFUSAL: "content_filter",
}


def head(heading: Heading, kind: str) -> Json:
    """What stands before the choices of an answer, and of each chunk of a streamed one."""
    return {
        "id": f"chatcmpl-{heading.token}",
        "object": kind,
        "created": heading.created,
        "model": heading.model,
        "system_fingerprint": "fp_scripted",
        "service_tier": "default",
    }


def is_legacy(heading: Heading) -> bool:
    """Whether calls are wanted in their older form, as the request offered `functions`."""
    return heading.asked.get("functions") is not None


def finish_reason(heading: Heading, reason: StopReason) -> str:
    """The protocol's word for why a choice ended."""
    if reason is StopReason.TOOL_USE and is_legacy(heading):
        return "function_call"
    return FINISH_REASONS.get(reason, "stop")


def function(name: str, arguments: str) -> Json:
    """The function of a call."""
    return {"name": name, "arguments": arguments}


def logprobs(heading: Heading, likelihoods: tuple[Likelihood, ...]) -> Json | None:
    """The likelihoods of the tokens of a choice; null where none are wanted."""
    if not heading.asked.get("logprobs"):
        return None
    return {"content": [_entry(likelihood) for likelihood in likelihoods], "refusal": None}


def _entry(likelihood: Likelihood) -> Json:
    top = [_token(token, logprob) for token, logprob in likelihood.top]
    return {**_token(likelihood.token, likelihood.logprob), "top_logprobs": top}


def _token(token: str, logprob: float) -> Json:
    return {"token": token, "logprob": logprob, "bytes": list(token.encode())}


def usage_of(usage: Usage) -> Json:
    """The token counts of a request."""
    return {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.input_tokens + usage.output_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cache.read_tokens},
        "completion_tokens_details": {"reasoning_tokens": usage.thinking_tokens},
    }
