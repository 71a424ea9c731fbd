"""OpenAI chat completions, inbound: a request body becomes a `Prompt`, or a complaint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from reference_gateway.catalogue import DEFAULT_OUTPUT_TOKENS
from reference_gateway.chat import OutputLabel, Prompt, Sampling, ThinkingMode
from reference_gateway.fields import Field
from reference_gateway.openai_content import read_conversation
from reference_gateway.openai_tools import read_choice, read_tools

_RANGES = (
    ("temperature", 0, 2),
    ("top_p", 0, 1),
    ("presence_penalty", -2, 2),
    ("frequency_penalty", -2, 2),
)
_MAX_STOP_SEQUENCES = 4
_MAX_CHOICES = 128
_MAX_TOP_LOGPROBS = 20
_NO_EFFORT = ("none", "minimal")
_EFFORTS = (*_NO_EFFORT, "low", "medium", "high", "xhigh", "max")


def parse(document: object, headers: Mapping[str, str]) -> Prompt:
    """The prompt of a chat completion request; raises `InvalidRequest` naming the field."""
    del headers  # No header changes how this body is read.
    body = Field(document, brackets=True)
    body.object()
    model, (turns, said) = read_model(body.get("model")), read_conversation(body.get("messages"))
    tools = read_tools(body)
    check_ranges(body)
    return Prompt(
        model=model,
        system=tuple(said.system),
        turns=turns,
        max_tokens=_max_tokens(body),
        tools=tools,
        choice=read_choice(body, tools),
        stop_sequences=read_stop(body.get("stop")),
        output_schema=_output_schema(body.get("response_format")),
        stream=body.get("stream").flag(False),
        include_usage=read_include_usage(body.get("stream_options")),
        choices=read_choices(body.get("n")),
        top_logprobs=_top_logprobs(body),
        thinking=_thinking(body.get("reasoning_effort")),
        system_places=tuple(said.places),
        sampling=read_sampling(body),
        effort=read_effort(body.get("reasoning_effort")),
        output_label=_output_label(body.get("response_format")),
        user=read_user(body),
        service_tier=read_service_tier(body.get("service_tier")),
    )


def read_model(model: Field) -> str:
    """The name of the model, which has to be given."""
    if not model.text():
        raise model.refuse("you must provide a model parameter")
    return str(model.value)


def _max_tokens(body: Field) -> int:
    limits = [body.get(name) for name in ("max_completion_tokens", "max_tokens")]
    given = [limit.integer(1) for limit in limits if not limit.is_absent]
    return min(given) if given else DEFAULT_OUTPUT_TOKENS


def read_stop(field: Field) -> tuple[str, ...]:
    """The texts before which the answer is to end."""
    if field.is_absent:
        return ()
    if isinstance(field.value, str):
        return (field.value,) if field.value else ()
    if len(field.array()) > _MAX_STOP_SEQUENCES:
        raise field.refuse(f"at most {_MAX_STOP_SEQUENCES} entries", "array_above_max_length")
    return tuple(text for text in (entry.text() for entry in field.items()) if text)


def _output_schema(field: Field) -> Mapping[str, Any] | None:
    if field.is_absent:
        return None
    kind = field.get("type").word(("text", "json_object", "json_schema"))
    if kind != "json_schema":
        return {} if kind == "json_object" else None
    wanted = field.get("json_schema")
    wanted.get("name").text()
    schema = wanted.get("schema")
    return {} if schema.is_absent else schema.object()


def _output_label(field: Field) -> OutputLabel:
    wanted = Field(None) if field.is_absent else field.get("json_schema")
    return OutputLabel() if wanted.is_absent else read_label(wanted)


def read_label(wanted: Field) -> OutputLabel:
    """What is said of a JSON Schema beside it; `strict` is off where it is not named."""
    description, strict = wanted.get("description"), wanted.get("strict")
    return OutputLabel(
        wanted.get("name").text(),
        "" if description.is_absent else description.text(),
        None if strict.is_absent else strict.flag(False),
    )


def read_sampling(body: Field) -> Sampling:
    """How the next token is to be picked."""
    return Sampling(body.get("temperature").number(0, 2), body.get("top_p").number(0, 1))


def read_effort(field: Field) -> str | None:
    """The word for how hard to think; None where the request leaves it to the model."""
    return None if field.is_absent else field.word(_EFFORTS)


def read_user(body: Field) -> str:
    """Who the client asks for: `safety_identifier`, or `user` as it was called before."""
    named = [body.get(name) for name in ("safety_identifier", "user")]
    return next((field.text() for field in named if not field.is_absent), "")


def read_service_tier(field: Field) -> Literal["auto", "standard"] | None:
    """The tiers that both protocols have; None for any other."""
    tiers: dict[object, Literal["auto", "standard"]] = {"auto": "auto", "default": "standard"}
    return tiers.get(field.value) if isinstance(field.value, str) else None


def read_include_usage(field: Field) -> bool:
    """Whether a stream is to tell its usage."""
    if field.is_absent:
        return False
    field.get("include_obfuscation").flag(False)
    return field.get("include_usage").flag(False)


def read_choices(field: Field) -> int:
    """How many answers are wanted."""
    if field.is_absent:
        return 1
    wanted = field.integer(1)
    if wanted > _MAX_CHOICES:
        raise field.refuse(f"must be at most {_MAX_CHOICES}", "integer_above_max_value")
    return wanted


def _thinking(effort: Field) -> ThinkingMode | None:
    """Models that are asked for some effort think; how much is theirs to say."""
    wanted = not effort.is_absent and effort.word(_EFFORTS) not in _NO_EFFORT
    return ThinkingMode() if wanted else None


def _top_logprobs(body: Field) -> int | None:
    """How many likely tokens to tell for each; None where no likelihoods are wanted."""
    top, is_wanted = body.get("top_logprobs"), body.get("logprobs").flag(False)
    if top.is_absent:
        return 0 if is_wanted else None
    wanted = top.integer(0)
    if wanted > _MAX_TOP_LOGPROBS:
        raise top.refuse(f"must be at most {_MAX_TOP_LOGPROBS}", "integer_above_max_value")
    if not is_wanted:
        raise top.refuse("is only allowed when logprobs is true")
    return wanted


def check_ranges(body: Field) -> None:
    """Check the numbers that every endpoint for texts takes."""
    for name, low, high in _RANGES:
        body.get(name).number(low, high)
