"""Faults of the Messages answer that is not streamed."""

from __future__ import annotations

from dataclasses import replace

from reference_gateway.call import Call
from reference_gateway.chat import Json, Prompt
from reference_gateway.errors import InternalError
from reference_gateway.faults.places import ANTHROPIC, answers, prompts, replies
from reference_gateway.faults.registry import fault
from reference_gateway.seams import Reply

_REFERENCE = "Anthropic API reference, Create a Message"


@fault(
    "anthropic-500",
    prompts(ANTHROPIC),
    kills=("ANT-EP-001",),
    origin="https://github.com/QuantumNous/new-api/issues/863",
)
def always_500(call: Call, prompt: Prompt) -> Prompt:
    """Every valid request that is not streamed fails with 500."""
    if prompt.stream:
        return prompt
    del call
    raise InternalError()


@fault(
    "anthropic-json-as-text",
    replies(ANTHROPIC, 200),
    kills=("ANT-HDR-001",),
    origin="https://github.com/Kilo-Org/cloud/issues/4670",
)
def json_as_text(call: Call, reply: Reply) -> Reply:
    """The JSON of an answer is declared as plain text."""
    del call
    return replace(reply, headers={**reply.headers, "Content-Type": "text/plain"})


@fault(
    "anthropic-without-request-id",
    replies(ANTHROPIC),
    kills=("ANT-HDR-003",),
    origin="https://github.com/BerriAI/litellm/issues/35089",
)
def without_request_id(call: Call, reply: Reply) -> Reply:
    """No answer carries a `request-id`."""
    del call
    kept = {name: value for name, value in reply.headers.items() if name != "request-id"}
    return replace(reply, headers=kept)


@fault(
    "anthropic-request-id-repeated",
    replies(ANTHROPIC, 200),
    kills=(
        "ANT-HDR-003",
        "GW-SAFE-004",
    ),
    origin="Anthropic documentation, errors: the request id is unique",
)
def request_id_repeated(call: Call, reply: Reply) -> Reply:
    """Every answer carries the same `request-id`."""
    del call
    return replace(reply, headers={**reply.headers, "request-id": "req_000000000000"})


@fault(
    "anthropic-answer-without-model",
    answers(ANTHROPIC),
    kills=("ANT-MSG-001",),
    origin="https://github.com/64bit/async-openai/issues/352",
)
def without_model(body: Json) -> None:
    """The answer lacks one of the seven keys that every message has."""
    del body["model"]


@fault(
    "anthropic-answer-empty",
    answers(ANTHROPIC),
    kills=("ANT-EP-001",),
    origin="https://github.com/vercel/ai/issues/9579",
)
def answer_empty(body: Json) -> None:
    """The answer is an empty object."""
    body.clear()


@fault(
    "anthropic-type-completion",
    answers(ANTHROPIC),
    kills=("ANT-MSG-002",),
    origin=f"{_REFERENCE}: type is message",
)
def type_completion(body: Json) -> None:
    """The answer's type is `completion`."""
    body["type"] = "completion"


@fault(
    "anthropic-role-user",
    answers(ANTHROPIC),
    kills=("ANT-MSG-003",),
    origin=f"{_REFERENCE}: role is assistant",
)
def role_user(body: Json) -> None:
    """The answer's role is `user`."""
    body["role"] = "user"


@fault(
    "anthropic-id-empty",
    answers(ANTHROPIC),
    kills=("ANT-MSG-004",),
    origin="https://github.com/huggingface/text-generation-inference/issues/1782",
)
def id_empty(body: Json) -> None:
    """The answer's id is an empty string."""
    body["id"] = ""


@fault(
    "anthropic-id-repeated",
    answers(ANTHROPIC),
    kills=("ANT-MSG-004",),
    origin="https://github.com/InternLM/lmdeploy/issues/4707",
)
def id_repeated(body: Json) -> None:
    """Every answer has the same id."""
    body["id"] = "msg_unknown"


@fault(
    "anthropic-model-empty",
    answers(ANTHROPIC),
    kills=("ANT-MSG-005",),
    origin="https://github.com/microsoft/foundry-local/issues/144",
)
def model_empty(body: Json) -> None:
    """The answer's model is an empty string."""
    body["model"] = ""


@fault(
    "anthropic-content-string",
    answers(ANTHROPIC),
    kills=("ANT-MSG-006",),
    origin=f"{_REFERENCE}: content is an array of blocks",
)
def content_string(body: Json) -> None:
    """The answer's content is a string instead of blocks."""
    body["content"] = "".join(block.get("text", "") for block in body["content"])


@fault(
    "anthropic-error-with-200",
    replies(ANTHROPIC, 400),
    kills=(
        "ANT-MSG-015",
        "ANT-VAL-000",
        "ANT-CNT-004",
        "ANT-TOOL-018",
        "ANT-VAL-010",
        "ANT-VAL-011",
        "ANT-VAL-012",
        "ANT-VAL-013",
        "ANT-VAL-014",
        "ANT-VAL-015",
        "ANT-VAL-016",
        "ANT-VAL-017",
        "ANT-VAL-018",
        "ANT-VAL-021",
        "ANT-VAL-026",
        "ANT-VAL-028",
        "ANT-VAL-029",
        "ANT-VAL-030",
        "ANT-VAL-032",
        "ANT-VAL-033",
        "ANT-VAL-034",
        "ANT-VAL-035",
        "ANT-VAL-036",
        "ANT-VAL-037",
        "ANT-VAL-038",
        "ANT-VAL-039",
        "ANT-VAL-040",
        "ANT-VAL-041",
        "ANT-VAL-042",
        "ANT-VAL-043",
        "ANT-VAL-045",
        "ANT-VAL-046",
        "ANT-VAL-047",
        "ANT-VAL-048",
        "ANT-VAL-049",
        "ANT-VAL-050",
        "ANT-VAL-057",
        "ANT-VAL-058",
        "ANT-VER-006",
        "ANT-VER-007",
        "GW-MODEL-008",
    ),
    origin="https://github.com/BerriAI/litellm/issues/27030",
)
def error_with_200(call: Call, reply: Reply) -> Reply:
    """An invalid body is refused with the right JSON and status 200."""
    is_model = b"model not supported" in reply.body
    return reply if is_model or call.wants_stream else replace(reply, status=200)


@fault(
    "anthropic-text-missing",
    answers(ANTHROPIC),
    kills=(
        "ANT-BLK-001",
        "ANT-CONV-002",
        "ANT-CONV-003",
        "ANT-CONV-015",
        "ANT-TOOL-006",
    ),
    origin="Claude Code changelog: a text block without text crashed the client",
)
def text_missing(body: Json) -> None:
    """Text blocks have no `text`."""
    for block in body["content"]:
        block.pop("text", None)


@fault(
    "anthropic-usage-openai-names",
    answers(ANTHROPIC),
    kills=(
        "ANT-USE-001",
        "ANT-CONV-013",
    ),
    origin="https://github.com/Portkey-AI/gateway/issues/858",
)
def usage_openai_names(body: Json) -> None:
    """Usage has OpenAI's names."""
    usage = body["usage"]
    body["usage"] = {
        "prompt_tokens": usage["input_tokens"],
        "completion_tokens": usage["output_tokens"],
    }


@fault(
    "anthropic-usage-output-zero",
    answers(ANTHROPIC),
    kills=(
        "ANT-USE-002",
        "ANT-USE-006",
        "GW-CAP-010",
    ),
    origin="https://github.com/router-for-me/CLIProxyAPI/issues/5733",
)
def output_zero(body: Json) -> None:
    """Usage says that an answer with content took no output tokens."""
    body["usage"]["output_tokens"] = 0


@fault(
    "anthropic-usage-input-zero",
    answers(ANTHROPIC),
    kills=(
        "ANT-USE-003",
        "GW-CAP-010",
    ),
    origin="https://github.com/vercel/ai/issues/17326",
)
def input_zero(body: Json) -> None:
    """Usage says that the prompt had no tokens."""
    body["usage"]["input_tokens"] = 0
