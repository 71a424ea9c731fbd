"""A prompt as the body of an OpenAI chat completion request."""

from __future__ import annotations

from reference_gateway.chat import Json, Prompt, Tool, ToolChoice
from reference_gateway.upstream.identifiers import fitting
from reference_gateway.upstream.openai_messages import messages

_MODES = {"auto": "auto", "any": "required", "none": "none"}
_TIERS = {"auto": "auto", "standard": "default"}
_MAX_USER = 64
# A thinking budget has no word there. These are its bounds for the words that there are;
# `max_tokens`, which a budget is always below, still bounds what is spent.
_LOW_BUDGET, _MEDIUM_BUDGET = 4_096, 16_384


def openai_request(prompt: Prompt, model: str) -> Json:
    """The request, its usage asked for even where the client does not want to see it."""
    body: Json = {
        "model": model,
        "messages": messages(prompt),
        "max_completion_tokens": prompt.max_tokens,
        "temperature": prompt.sampling.temperature,
        "top_p": prompt.sampling.top_p,
        "stop": list(prompt.stop_sequences) or None,
        "reasoning_effort": _effort(prompt),
        "response_format": _response_format(prompt),
        "user": fitting(prompt.user, _MAX_USER) or None,
        "service_tier": prompt.service_tier and _TIERS[prompt.service_tier],
        **(_tools(prompt.tools, prompt.choice) if prompt.tools else {}),
    }
    if prompt.stream:
        body |= {"stream": True, "stream_options": {"include_usage": True}}
    return {name: value for name, value in body.items() if value is not None}


def _effort(prompt: Prompt) -> str | None:
    budget = prompt.thinking.budget_tokens if prompt.thinking else None
    if prompt.effort or budget is None:
        return prompt.effort
    if budget < _LOW_BUDGET:
        return "low"
    return "medium" if budget < _MEDIUM_BUDGET else "high"


def _response_format(prompt: Prompt) -> Json | None:
    if prompt.output_schema is None:
        return None
    if not prompt.output_schema:
        return {"type": "json_object"}
    label = prompt.output_label
    said = {"description": label.description or None, "strict": label.is_strict}
    given = {name: value for name, value in said.items() if value is not None}
    wanted = {"name": label.name, **given, "schema": dict(prompt.output_schema)}
    return {"type": "json_schema", "json_schema": wanted}


def _tools(tools: tuple[Tool, ...], choice: ToolChoice) -> Json:
    """The tools; neither a choice nor parallel calls may be named without them."""
    return {
        "tools": [{"type": "function", "function": _function(tool)} for tool in tools],
        "tool_choice": _tool_choice(choice),
        "parallel_tool_calls": None if choice.parallel else False,
    }


def _function(tool: Tool) -> Json:
    described = {"description": tool.description} if tool.description else {}
    strict = {} if tool.is_strict is None else {"strict": tool.is_strict}
    return {"name": tool.name, **described, "parameters": tool.schema, **strict}


def _tool_choice(choice: ToolChoice) -> Json | str:
    if choice.mode == "named":
        return {"type": "function", "function": {"name": choice.name}}
    return _MODES[choice.mode]
