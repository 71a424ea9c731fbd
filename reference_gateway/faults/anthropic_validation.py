"""Faults of request validation on the Messages endpoint: what is wrong is served, or misrefused.

Most of them tolerate one kind of invalid request. They are a table: a row says by which
words the healthy gateway refuses it; the faulty one answers as if it had not noticed.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from itertools import pairwise

from reference_gateway.anthropic_answer import ANTHROPIC as MESSAGES
from reference_gateway.call import Call
from reference_gateway.chat import Answer, Json, Prompt, StopReason, Text, Usage
from reference_gateway.errors import InvalidRequest
from reference_gateway.faults.places import ANTHROPIC, prompts, refusals, replies
from reference_gateway.faults.registry import fault
from reference_gateway.seams import Reply
from reference_gateway.wire import Heading, dump

PAGE = "Anthropic documentation, errors and the parameters of Messages: "

TOLERATED = (
    # id, slug, words of the refusal, what is served, where it was seen
    ("VAL-010", "broken-json", "not valid JSON", "A body that is not JSON", "an error"),
    ("VAL-011", "empty-body", "not valid JSON", "An empty body", "an error"),
    ("VAL-012", "array-body", "request body: must be an object", "A list for a body", "an error"),
    ("VAL-013", "no-model", r"^model: Field required", "A request without model", "required"),
    ("VAL-014", "no-messages", r"^messages: Field req", "A request without messages", "required"),
    ("VAL-015", "empty-messages", "at least one message", "An empty conversation", "at least one"),
    ("VAL-016", "messages-no-list", r"^messages(\.0)?: must be", "No list of objects", "a list"),
    ("VAL-018", "bad-max-tokens", r"^max_tokens: must be", "A bad max_tokens", "an integer"),
    ("VAL-021", "unknown-role", r"role: must be one of", "A role of no known name", "the roles"),
    ("VAL-026", "temperature-range", r"^temperature: range", "A temperature of 2", "0 to 1"),
    ("VAL-028", "unknown-block", "blocks are not supported", "An unknown block", "the types"),
    ("VAL-029", "empty-text", "blocks must be non-empty", "An empty text block", "not empty"),
    ("VAL-030", "empty-content", "have non-empty content", "A message of nothing", "not empty"),
    ("VAL-032", "unanswered-call", "without a result", "A call without a result", "answered"),
    ("VAL-033", "unknown-result", "answers no tool call", "A result of no call", "the call's id"),
    ("VAL-034", "late-result", "come before text", "Text before a tool result", "results first"),
    ("VAL-035", "twin-tools", "must be unique", "Two tools of one name", "unique names"),
    ("VAL-036", "tool-name", "should match pattern", "A tool name with a space", "the pattern"),
    (
        "VAL-037",
        "partial-tool",
        r"^tools\.0\.(name: Field|input_schema)",
        "A tool without name or schema",
        "both required",
    ),
    ("VAL-038", "openai-tool", r"^tools\.0\.type", "A tool in OpenAI's form", "its own form"),
    ("VAL-039", "choice-alone", "while providing tools", "A tool forced of none", "with tools"),
    ("VAL-040", "choice-of-none", "not found in provided", "A tool not offered", "one of tools"),
    ("VAL-041", "odd-choice", r"^tool_choice(\.type)?: must", "An odd tool choice", "the types"),
    ("VAL-042", "broken-image", "invalid base64 data", "An image that is none", "base64"),
    ("VAL-043", "bmp-image", "media_type: must be", "An image of type bmp", "the four types"),
    ("VAL-045", "blank-stop", "non-whitespace", "A blank stop sequence", "not blank"),
    ("VAL-046", "stop-text", r"^stop_sequences: must be", "A text for a list", "a list"),
    ("VAL-047", "five-marks", "A maximum of 4 blocks", "Five cache marks", "at most four"),
    ("VAL-048", "odd-budget", "budget_tokens", "An impossible thinking budget", "the limits"),
    ("VAL-049", "warm-thinking", "set to 1 when", "Thinking with a temperature", "1 only"),
    ("VAL-050", "forced-thinking", "forces tool use", "Thinking with a forced tool", "not both"),
    ("VAL-057", "open-schema", "additionalProperties", "A schema left open", "closed objects"),
    ("VAL-058", "stray-system", "follow a user turn", "A stray system message", "after a user"),
    (
        "VER-006",
        "version-sampling",
        r"^(temperature|top_p|top_k): Extra inputs",
        "Sampling in a version without it",
        "removed on 2026-10-21",
    ),
    (
        "VER-007",
        "version-documents",
        "are not permitted in assistant|not permitted in a user",
        "A document of the assistant's in the second version",
        "removed on 2026-10-21",
    ),
)
_ALSO = {"VAL-013": ("GW-MODEL-008",), "VAL-038": ("ANT-TOOL-018",)}
"""What else a row breaks: other requests that are refused in the same words."""


def _tolerate(id: str, slug: str, words: str, summary: str, origin: str) -> None:
    def serve(call: Call, reply: Reply) -> Reply:
        # Nothing at all is refused in the same words as what is no JSON.
        is_other = id in ("VAL-010", "VAL-011") and (id == "VAL-011") is bool(call.body)
        refused = re.search(words, _message(reply), re.I)
        return _served(call, reply) if refused and not is_other else reply

    serve.__doc__ = f"{summary} is served as if it were right."
    place = replies(ANTHROPIC, 400)
    kills = (f"ANT-{id}", *_ALSO.get(id, ()))
    fault(f"anthropic-serves-{slug}", place, kills=kills, origin=PAGE + origin)(serve)


def _served(call: Call, reply: Reply) -> Reply:
    if not call.path.endswith("/messages") or call.wants_stream:
        return reply
    heading = Heading(call.request_id, "claude-haiku-4-5", 0)
    answer = Answer((Text("Hello."),), StopReason.END_TURN, None, Usage(5, 2))
    headers = {name: v for name, v in reply.headers.items() if name != "x-should-retry"}
    return Reply(200, headers, dump(MESSAGES.answer(heading, answer)).encode())


for _row in TOLERATED:
    _tolerate(*_row)


def _message(reply: Reply) -> str:
    return str(json.loads(reply.body)["error"]["message"])


@fault(
    "anthropic-malformed-json-500",
    replies(ANTHROPIC, 400),
    kills=("ANT-VAL-000", "ANT-VAL-010", "ANT-VAL-011"),
    origin="https://github.com/GoDiao/Free-Way/issues/32",
)
def anthropic_malformed_500(call: Call, reply: Reply) -> Reply:
    """A malformed body is answered 500."""
    del call
    if b"not valid JSON" not in reply.body:
        return reply
    changed = reply.body.replace(b"invalid_request_error", b"api_error")
    return replace(reply, status=500, body=changed)


@fault(
    "anthropic-missing-budget-500",
    replies(ANTHROPIC, 400),
    kills=("ANT-VAL-000", "ANT-VAL-017"),
    origin="https://github.com/AIPexStudio/AIPex/issues/62",
)
def missing_budget_500(call: Call, reply: Reply) -> Reply:
    """A request without `max_tokens` makes the gateway fail."""
    del call
    if _message(reply) != "max_tokens: Field required":
        return reply
    changed = reply.body.replace(b"invalid_request_error", b"api_error")
    return replace(reply, status=500, body=changed)


@fault(
    "anthropic-validation-422",
    replies(ANTHROPIC, 400),
    kills=("ANT-VAL-000",),
    origin="https://github.com/deepseek-ai/DeepSeek-V3/issues/960",
)
def validation_422(call: Call, reply: Reply) -> Reply:
    """A field of the wrong type is refused with 422, as the web framework likes it."""
    del call
    return replace(reply, status=422) if _message(reply).startswith("max_tokens: must") else reply


@fault(
    "anthropic-refusal-in-200",
    replies(ANTHROPIC, 400),
    kills=("ANT-MSG-015", "ANT-VAL-000", "ANT-VAL-021"),
    origin="Claude Code documentation, errors: an empty or malformed response (HTTP 200)",
)
def refusal_in_200(call: Call, reply: Reply) -> Reply:
    """The refusal of an unknown role comes with status 200."""
    del call
    return replace(reply, status=200) if "role: must be" in _message(reply) else reply


@fault(
    "anthropic-refusal-without-path",
    refusals(ANTHROPIC, 400),
    kills=("ANT-VAL-001",),
    origin="https://github.com/ogx-ai/ogx/issues/5982",
)
def refusal_without_path(body: Json) -> None:
    """A refusal says that something is wrong, but not where."""
    if re.match(r"(max_tokens|messages|tools|stop_sequences)\b", body["error"]["message"]):
        body["error"]["message"] = "Bad request."


@fault(
    "anthropic-roles-must-alternate",
    prompts(ANTHROPIC),
    kills=("ANT-VAL-023",),
    origin="Anthropic documentation, Messages: consecutive turns of one role are combined",
)
def roles_must_alternate(call: Call, prompt: Prompt) -> Prompt:
    """Two messages of one role in a row are refused."""
    document = call.document
    turns = document["messages"] if isinstance(document, dict) else []
    roles = [turn["role"] for turn in turns]
    if any(one == other for one, other in pairwise(roles)):
        raise InvalidRequest('messages: roles must alternate between "user" and "assistant"')
    return prompt


@fault(
    "anthropic-too-long-in-other-words",
    refusals(ANTHROPIC, 400),
    kills=("ANT-VAL-052",),
    origin="Claude Code documentation, gateways: context errors in the gateway's own words",
)
def too_long_in_other_words(body: Json) -> None:
    """A prompt that is too long is refused in words on which no client compacts."""
    if "prompt is too long" in body["error"]["message"]:
        body["error"]["message"] = "ContextWindowExceededError: messages do not fit"


@fault(
    "anthropic-too-large-500",
    replies(ANTHROPIC, 413),
    kills=(
        "ANT-VAL-053",
        "GW-SAFE-003",
    ),
    origin="Anthropic documentation, errors: 413 request_too_large",
)
def too_large_500(call: Call, reply: Reply) -> Reply:
    """A body over the limit makes the gateway fail."""
    del call
    changed = reply.body.replace(b"request_too_large", b"api_error")
    return replace(reply, status=500, body=changed)
