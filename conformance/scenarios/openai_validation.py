"""Invalid chat completions as a table: each is wrong in exactly one way.

A row is one id and one request, sent by one scenario: `openai-val-014` for OAI-VAL-014;
nothing else is sent for that requirement. A small budget keeps cheap what is served.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from conformance.kinds import Kind
from conformance.recorder import Gateway
from conformance.registry import Play, scenario
from conformance.scenarios import prompts
from conformance.scenarios.forms import Form, Question, fields, headers, in_every_form
from conformance.scenarios.openai import COMPLETION, ERROR, HELLO, OPENAI, TOOL

ABSENT = object()
"""Stands for a field that is left out."""

CHAT = "/chat/completions"
CHEAP = prompts.SMALL_BUDGET
TOOLS = ("tools",)
_CALLED = {
    "role": "assistant",
    "content": None,
    "tool_calls": [
        {
            "id": "call_1",
            "type": "function",
            "function": {"name": prompts.TOOL_NAME, "arguments": '{"city": "Paris"}'},
        }
    ],
}
_RESULT = {"role": "tool", "tool_call_id": "call_1", "content": prompts.TOOL_RESULT}
TOO_LONG = 1_100_000
"""Words of a prompt that no context window of a million tokens holds."""


@dataclass(frozen=True)
class Invalid:
    """One request: `body` is sent as it is, or put over a sound one.

    `has_budget` is False where the row itself is about the budget.
    """

    id: str
    wrong: str
    body: bytes | Mapping[str, Any] = field(default_factory=dict)
    has_budget: bool = True
    extra: Mapping[str, str] = field(default_factory=dict)
    capabilities: tuple[str, ...] = ()
    opt_in: str = ""

    @property
    def scenario(self) -> str:
        """The name of the scenario that sends it."""
        return f"openai-val-{self.id.removeprefix('OAI-VAL-')}"

    def content(self, model: str, budget_name: str) -> bytes | Mapping[str, Any]:
        """What is sent to a model."""
        if isinstance(self.body, bytes):
            return self.body
        budget = {budget_name: prompts.SMALL_BUDGET} if self.has_budget else {}
        asked = {"model": model, **HELLO, **self.body, **budget}
        return {name: value for name, value in asked.items() if value is not ABSENT}


def _message(**fields: Any) -> dict[str, Any]:
    return {"messages": [fields]}


def _part(**fields: Any) -> dict[str, Any]:
    return _message(role="user", content=[fields])


def _image(url: str) -> dict[str, Any]:
    """A question about an image: the text beside it is sound."""
    image = {"type": "image_url", "image_url": {"url": url}}
    return _message(role="user", content=[{"type": "text", "text": "Which colour?"}, image])


def _function(**fields: Any) -> dict[str, Any]:
    """A tool whose function is changed; None leaves a field out."""
    changed = {**TOOL["function"], **fields}
    kept = {name: value for name, value in changed.items() if value is not None}
    return {"tools": [{"type": "function", "function": kept}]}


def _chosen(choice: Any) -> dict[str, Any]:
    return {"tools": [TOOL], "tool_choice": choice}


def _history(*messages: Mapping[str, Any]) -> dict[str, Any]:
    return {"messages": [*prompts.user(prompts.WEATHER), *messages], "tools": [TOOL]}


def _unmatched() -> dict[str, Any]:
    return _history(_CALLED, _RESULT, {**_RESULT, "tool_call_id": "call_none"})


def _long() -> dict[str, Any]:
    return _message(role="user", content="a " * TOO_LONG)


REFUSED = (
    Invalid("OAI-VAL-001", "malformed JSON", b'{"model":'),
    Invalid("OAI-VAL-002", "an empty body", b""),
    Invalid("OAI-VAL-003", "an array for a body", b"[]"),
    Invalid("OAI-VAL-004", "no model", {"model": ABSENT}),
    Invalid("OAI-VAL-005", "a number for a model", {"model": 7}),
    Invalid("OAI-VAL-006", "an empty model", {"model": ""}),
    Invalid("OAI-VAL-008", "no messages", {"messages": ABSENT}),
    Invalid("OAI-VAL-010", "a text for messages", {"messages": "hi"}),
    Invalid("OAI-VAL-011", "a text for a message", {"messages": ["hi"]}),
    Invalid("OAI-VAL-012", "a message without a role", _message(content="hi")),
    Invalid("OAI-VAL-013", "a role that does not exist", _message(role="bogus", content="hi")),
    Invalid("OAI-VAL-014", "a number for content", _message(role="user", content=7)),
    Invalid("OAI-VAL-016", "a content part without a type", _part(text="hi")),
    Invalid("OAI-VAL-017", "a content part of an unknown type", _part(type="bogus", text="hi")),
    Invalid("OAI-VAL-018", "a temperature of 2.1", {"temperature": 2.1}),
    Invalid("OAI-VAL-019", "a text for a temperature", {"temperature": "hot"}),
    Invalid("OAI-VAL-020", "a top_p of 1.5", {"top_p": 1.5}),
    Invalid("OAI-VAL-021", "a presence_penalty of 3", {"presence_penalty": 3}),
    Invalid("OAI-VAL-022", "an n of 0", {"n": 0}),
    Invalid("OAI-VAL-023", "an n of 129", {"n": 129}),
    Invalid("OAI-VAL-024", "a text for n", {"n": "2"}),
    Invalid("OAI-VAL-025", "a max_tokens of -1", {"max_tokens": -1}, has_budget=False),
    Invalid(
        "OAI-VAL-026",
        "a max_completion_tokens of 0",
        {"max_completion_tokens": 0},
        has_budget=False,
    ),
    Invalid("OAI-VAL-029", "five stop sequences", {"stop": ["a", "b", "c", "d", "e"]}),
    Invalid("OAI-VAL-030", "a number for stop", {"stop": 7}),
    Invalid("OAI-VAL-032", "a text for stream", {"stream": "yes"}),
    Invalid("OAI-VAL-034", "a text for tools", {"tools": "x"}, capabilities=TOOLS),
    Invalid(
        "OAI-VAL-036",
        "a tool without a function",
        {"tools": [{"type": "function"}]},
        capabilities=TOOLS,
    ),
    Invalid("OAI-VAL-037", "a function without a name", _function(name=None), capabilities=TOOLS),
    Invalid(
        "OAI-VAL-038",
        "a function name with a space",
        _function(name="get weather"),
        capabilities=TOOLS,
    ),
    Invalid(
        "OAI-VAL-039",
        "no JSON Schema",
        _function(parameters={"type": "objekt"}),
        capabilities=TOOLS,
    ),
    Invalid(
        "OAI-VAL-040",
        "strict and an open schema",
        _function(strict=True),
        capabilities=("strict_tools",),
    ),
    Invalid(
        "OAI-VAL-041", "a tool_choice that does not exist", _chosen("bogus"), capabilities=TOOLS
    ),
    Invalid(
        "OAI-VAL-042",
        "a tool required, none given",
        {"tool_choice": "required"},
        capabilities=TOOLS,
    ),
    Invalid(
        "OAI-VAL-043",
        "a choice of a tool that is not given",
        _chosen({"type": "function", "function": {"name": "no_such_tool"}}),
        capabilities=TOOLS,
    ),
    Invalid(
        "OAI-VAL-044",
        "a choice without a function",
        _chosen({"type": "function"}),
        capabilities=TOOLS,
    ),
    Invalid("OAI-VAL-045", "a tool message without a call", _history(_RESULT), capabilities=TOOLS),
    Invalid(
        "OAI-VAL-046",
        "a call without a result",
        _history(_CALLED, *prompts.user(prompts.HELLO)),
        capabilities=TOOLS,
    ),
    Invalid(
        "OAI-VAL-047",
        "a tool message without a tool_call_id",
        _history(_CALLED, {"role": "tool", "content": prompts.TOOL_RESULT}),
        capabilities=TOOLS,
    ),
    Invalid(
        "OAI-VAL-048", "a result for a call that was not made", _unmatched(), capabilities=TOOLS
    ),
    Invalid("OAI-VAL-049", "an unknown response_format", {"response_format": {"type": "bogus"}}),
    Invalid("OAI-VAL-050", "top_logprobs without logprobs", {"top_logprobs": 2}),
    Invalid("OAI-VAL-055", "a prompt longer than any context", _long(), opt_in="large"),
    Invalid(
        "OAI-VAL-056",
        "a data URI that is no image",
        _image("data:image/png;base64,bm8gaW1hZ2U="),
        capabilities=("vision",),
    ),
    Invalid(
        "OAI-VAL-057",
        "an image that cannot be fetched",
        _image("https://no-such-host.invalid/none.png"),
        capabilities=("vision",),
    ),
)
"""What has to be refused."""

LENIENT: dict[str, Form] = {
    "both token limits": fields({"max_completion_tokens": 16, "max_tokens": 16}),
    "an unknown key": fields({"no_such_parameter": 1}),
    "stream_options without stream": fields({"stream_options": {"include_usage": True}}),
    "an empty list of tools": fields({"tools": []}),
    "JSON sent as text": headers({"content-type": "text/plain"}),
    "metadata with 17 keys": fields({"metadata": {f"k{i}": "v" for i in range(17)}}),
}
"""What may be served or refused; where all of it is served at once, nothing of it fails."""

NULLABLE = (
    "temperature",
    "top_p",
    "n",
    "stop",
    "stream",
    "stream_options",
    "max_tokens",
    "max_completion_tokens",
    "presence_penalty",
    "frequency_penalty",
    "logit_bias",
    "logprobs",
    "top_logprobs",
    "seed",
    "store",
    "metadata",
    "service_tier",
    "reasoning_effort",
)
SERVED = (
    Invalid("OAI-VAL-059", "null for every optional field but the budget", dict.fromkeys(NULLABLE)),
)
"""What has to be served."""


def _declared(row: Invalid, yields: tuple[Kind, ...], cost: int) -> Play:
    async def play(gateway: Gateway) -> None:
        content = row.content(gateway.models["openai"], gateway.budget_name)
        await gateway.post(OPENAI, CHAT, content, extra=row.extra)

    play.__doc__ = f"A question with {row.wrong}."
    return scenario(
        row.scenario,
        protocol=OPENAI,
        yields=yields,
        cost=cost,
        capabilities=row.capabilities,
        opt_in=row.opt_in,
    )(play)


for _row in REFUSED:
    _declared(_row, ERROR, 0)
for _row in SERVED:
    _declared(_row, COMPLETION, CHEAP)


@scenario("openai-lenient", protocol=OPENAI, yields=COMPLETION, cost=len(LENIENT) * CHEAP)
async def lenient(gateway: Gateway) -> None:
    """A question with all that may be refused or served, at once."""
    question = Question(OPENAI, HELLO | {gateway.budget_name: CHEAP})
    await in_every_form(gateway, question, LENIENT)
