"""A prompt as the body of an Anthropic Messages request."""

from __future__ import annotations

from reference_gateway.chat import Json, Prompt, Tool, ToolChoice
from reference_gateway.errors import InvalidRequest
from reference_gateway.upstream.anthropic_messages import Marks, messages, text_block
from reference_gateway.upstream.identifiers import fitting

_TYPES = {"auto": "auto", "any": "any", "none": "none", "named": "tool"}
_TIERS = {"auto": "auto", "standard": "standard_only"}
_MAX_USER = 256


def anthropic_request(prompt: Prompt, model: str) -> Json:
    """The request; system texts stand in front, as only some models take them elsewhere."""
    marks, user = Marks(prompt.cache_marks), fitting(prompt.user, _MAX_USER)
    body: Json = {
        "model": model,
        "max_tokens": prompt.max_tokens,
        "tools": _tools(prompt, marks) or None,
        "tool_choice": _tool_choice(prompt.choice) if prompt.tools else None,
        "system": _system(prompt, marks) or None,
        "messages": _turns(prompt, marks),
        "stop_sequences": list(prompt.stop_sequences) or None,
        "temperature": prompt.sampling.temperature,
        "top_p": prompt.sampling.top_p,
        "thinking": _thinking(prompt.effort),
        "output_config": _output_config(prompt) or None,
        "metadata": {"user_id": user} if user else None,
        "service_tier": prompt.service_tier and _TIERS[prompt.service_tier],
        "stream": prompt.stream or None,
    }
    return {name: value for name, value in body.items() if value is not None}


def _turns(prompt: Prompt, marks: Marks) -> list[Json]:
    found = messages(prompt.turns, marks)
    if not found:
        raise InvalidRequest(
            "messages: the Anthropic upstream of this model needs a message beside system texts",
            param="messages",
        )
    return found


def _system(prompt: Prompt, marks: Marks) -> list[Json]:
    blocks = [(text, marks.next()) for text in prompt.system]
    return [{**text_block(text), **mark} for text, mark in blocks if text]


def _tools(prompt: Prompt, marks: Marks) -> list[Json]:
    """The tools on offer; those that the choice leaves out are not even shown."""
    allowed = prompt.choice.allowed
    marked = [(tool, marks.next()) for tool in prompt.tools]
    return [{**_tool(tool), **mark} for tool, mark in marked if not allowed or tool.name in allowed]


def _tool(tool: Tool) -> Json:
    described = {"description": tool.description} if tool.description else {}
    strict = {} if tool.is_strict is None else {"strict": tool.is_strict}
    schema = {"type": "object", **tool.schema}
    return {"name": tool.name, **described, "input_schema": schema, **strict}


def _tool_choice(choice: ToolChoice) -> Json:
    found: Json = {"type": _TYPES[choice.mode]}
    if choice.mode == "named":
        found["name"] = choice.name
    if not choice.parallel and choice.mode != "none":
        found["disable_parallel_tool_use"] = True
    return found


def _thinking(effort: str | None) -> Json | None:
    if effort is None:
        return None
    return {"type": "disabled" if effort == "none" else "adaptive"}


def _output_config(prompt: Prompt) -> Json:
    found: Json = {}
    if prompt.effort not in (None, "none"):
        found["effort"] = prompt.effort
    if prompt.output_schema is not None:
        found["format"] = {"type": "json_schema", "schema": _schema(prompt)}
    return found


def _schema(prompt: Prompt) -> Json:
    """The schema of the answer, with what was said about it beside it."""
    schema = dict(prompt.output_schema or {})
    said = [prompt.output_label.description, schema.get("description")]
    described = "\n".join(text for text in said if text)
    return {**schema, "description": described} if described else schema
