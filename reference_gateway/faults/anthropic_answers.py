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
    kills=("ANT-HDR-003",),
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
    kills=("ANT-MSG-015", "ANT-VAL-000"),
    origin="https://github.com/BerriAI/litellm/issues/27030",
)
def error_with_200(call: Call, reply: Reply) -> Reply:
    """An invalid body is refused with the right JSON and status 200."""
    is_model = b"model not supported" in reply.body
    return reply if is_model or call.wants_stream else replace(reply, status=200)


@fault(
    "anthropic-text-missing",
    answers(ANTHROPIC),
    kills=("ANT-BLK-001",),
    origin="Claude Code changelog: a text block without text crashed the client",
)
def text_missing(body: Json) -> None:
    """Text blocks have no `text`."""
    for block in body["content"]:
        block.pop("text", None)


@fault(
    "anthropic-usage-openai-names",
    answers(ANTHROPIC),
    kills=("ANT-USE-001",),
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
    kills=("ANT-USE-002",),
    origin="https://github.com/router-for-me/CLIProxyAPI/issues/5733",
)
def output_zero(body: Json) -> None:
    """Usage says that an answer with content took no output tokens."""
    body["usage"]["output_tokens"] = 0


@fault(
    "anthropic-usage-input-zero",
    answers(ANTHROPIC),
    kills=("ANT-USE-003",),
    origin="https://github.com/vercel/ai/issues/17326",
)
def input_zero(body: Json) -> None:
    """Usage says that the prompt had no tokens."""
    body["usage"]["input_tokens"] = 0
