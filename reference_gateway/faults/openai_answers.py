"""Faults of the chat completion that is not streamed: its envelope and its usage."""

from __future__ import annotations

from dataclasses import replace

from reference_gateway.call import Call
from reference_gateway.chat import Json, Prompt
from reference_gateway.errors import InternalError
from reference_gateway.faults.places import OPENAI, answers, prompts, replies
from reference_gateway.faults.registry import fault
from reference_gateway.seams import Reply

_MORE_THAN_ASKED = 40


@fault(
    "openai-500",
    prompts(OPENAI),
    kills=("OAI-HTTP-001",),
    origin="https://github.com/envoyproxy/ai-gateway/issues/2284",
)
def always_500(call: Call, prompt: Prompt) -> Prompt:
    """Every valid request that is not streamed fails with 500."""
    if prompt.stream:
        return prompt
    del call
    raise InternalError()


@fault(
    "openai-json-as-text",
    replies(OPENAI, 200),
    kills=("OAI-HTTP-009",),
    origin="https://github.com/openclaw/openclaw/issues/97474",
)
def json_as_text(call: Call, reply: Reply) -> Reply:
    """The JSON of an answer is declared as plain text."""
    del call
    return replace(reply, headers={**reply.headers, "Content-Type": "text/plain"})


@fault(
    "openai-without-request-id",
    replies(OPENAI),
    kills=("OAI-HTTP-012",),
    origin="OpenAI documentation, debugging requests: x-request-id",
)
def without_request_id(call: Call, reply: Reply) -> Reply:
    """No answer carries an `x-request-id`."""
    del call
    kept = {name: value for name, value in reply.headers.items() if name != "x-request-id"}
    return replace(reply, headers=kept)


@fault(
    "openai-object-text-completion",
    answers(OPENAI),
    kills=("OAI-CHAT-001",),
    origin="https://github.com/64bit/async-openai/issues/352",
)
def object_text_completion(body: Json) -> None:
    """The answer's object is `text_completion`."""
    body["object"] = "text_completion"


@fault(
    "openai-id-empty",
    answers(OPENAI),
    kills=("OAI-CHAT-002",),
    origin="https://github.com/huggingface/text-generation-inference/issues/1782",
)
def id_empty(body: Json) -> None:
    """The answer's id is an empty string."""
    body["id"] = ""


@fault(
    "openai-id-repeated",
    answers(OPENAI),
    kills=("OAI-CHAT-002",),
    origin="https://github.com/InternLM/lmdeploy/issues/4707",
)
def id_repeated(body: Json) -> None:
    """Every answer has the same id."""
    body["id"] = "chatcmpl-0"


@fault(
    "openai-created-milliseconds",
    answers(OPENAI),
    kills=("OAI-CHAT-003",),
    origin="https://github.com/mlc-ai/web-llm/issues/829",
)
def created_milliseconds(body: Json) -> None:
    """`created` is in milliseconds."""
    body["created"] *= 1000


@fault(
    "openai-created-string",
    answers(OPENAI),
    kills=("OAI-CHAT-003",),
    origin="https://github.com/envoyproxy/ai-gateway/issues/962",
)
def created_string(body: Json) -> None:
    """`created` is a string."""
    body["created"] = str(body["created"])


@fault(
    "openai-model-empty",
    answers(OPENAI),
    kills=("OAI-CHAT-004",),
    origin="https://github.com/microsoft/foundry-local/issues/144",
)
def model_empty(body: Json) -> None:
    """The answer's model is an empty string."""
    body["model"] = ""


@fault(
    "openai-choices-empty",
    answers(OPENAI),
    kills=("OAI-CHAT-005",),
    origin="https://github.com/BerriAI/litellm/issues/40252",
)
def choices_empty(body: Json) -> None:
    """The answer has no choices."""
    body["choices"] = []


@fault(
    "openai-choice-index-missing",
    answers(OPENAI),
    kills=("OAI-CHAT-006",),
    origin="https://github.com/Mintplex-Labs/anything-llm/issues/2956",
)
def choice_index_missing(body: Json) -> None:
    """Choices have no index."""
    for choice in body["choices"]:
        del choice["index"]


@fault(
    "openai-role-model",
    answers(OPENAI),
    kills=("OAI-CHAT-007",),
    origin="OpenAI API description, ChatCompletionResponseMessage: role is assistant",
)
def role_model(body: Json) -> None:
    """The message's role is the word of another vendor, `model`."""
    body["choices"][0]["message"]["role"] = "model"


@fault(
    "openai-content-array",
    answers(OPENAI),
    kills=("OAI-CHAT-008",),
    origin="https://github.com/dtzp555-max/ocp/issues/110",
)
def content_array(body: Json) -> None:
    """Text content comes as a list of parts."""
    message = body["choices"][0]["message"]
    if message["content"]:
        message["content"] = [{"type": "text", "text": message["content"]}]


@fault(
    "openai-content-empty",
    answers(OPENAI),
    kills=("OAI-CHAT-009",),
    origin="https://github.com/HKUDS/OpenSpace/issues/79",
)
def content_empty(body: Json) -> None:
    """The text of an answer is lost."""
    message = body["choices"][0]["message"]
    if message["content"]:
        message["content"] = ""


@fault(
    "openai-finish-reason-end-turn",
    answers(OPENAI),
    kills=("OAI-CHAT-011",),
    origin="https://github.com/zeitlings/ayai-gpt-nexus/issues/2",
)
def finish_reason_end_turn(body: Json) -> None:
    """A finished answer has the provider's own word as its finish reason."""
    for choice in body["choices"]:
        if choice["finish_reason"] == "stop":
            choice["finish_reason"] = "end_turn"


@fault(
    "openai-finish-reason-null",
    answers(OPENAI),
    kills=("OAI-CHAT-011",),
    origin="https://github.com/jakobdylanc/llmcord/issues/84",
)
def finish_reason_null(body: Json) -> None:
    """A finished answer has no finish reason."""
    for choice in body["choices"]:
        if choice["finish_reason"] == "stop":
            choice["finish_reason"] = None


@fault(
    "openai-length-as-stop",
    answers(OPENAI),
    kills=(
        "OAI-PARAM-006",
        "GW-PAR-002",
    ),
    origin="https://github.com/camel-ai/camel/issues/4261",
)
def length_as_stop(body: Json) -> None:
    """An answer that was cut at the budget says that it is complete."""
    for choice in body["choices"]:
        if choice["finish_reason"] == "length":
            choice["finish_reason"] = "stop"


@fault(
    "openai-text-as-tool-calls",
    answers(OPENAI),
    kills=("OAI-CHAT-012",),
    origin="https://github.com/vllm-project/vllm/issues/53256",
)
def text_as_tool_calls(body: Json) -> None:
    """A plain text answer says that tools are called."""
    for choice in body["choices"]:
        if choice["finish_reason"] == "stop":
            choice["finish_reason"] = "tool_calls"


@fault(
    "openai-usage-missing",
    answers(OPENAI),
    kills=("OAI-CHAT-014",),
    origin="https://github.com/Portkey-AI/gateway/issues/858",
)
def usage_missing(body: Json) -> None:
    """The answer has no usage."""
    del body["usage"]


@fault(
    "openai-usage-total-mismatch",
    answers(OPENAI),
    kills=("OAI-CHAT-015",),
    origin="https://github.com/theopenco/llmgateway/issues/412",
)
def usage_total(body: Json) -> None:
    """The total of the usage is not the sum of its parts."""
    body["usage"]["total_tokens"] += 10


@fault(
    "openai-error-with-200",
    answers(OPENAI),
    kills=("OAI-CHAT-018",),
    origin="https://github.com/azrtydxb/Fastllm-proxy/issues/28",
)
def error_with_200(body: Json) -> None:
    """A good answer also has a top-level error."""
    body["error"] = {"message": "Upstream failed.", "type": "server_error", "code": 502}


@fault(
    "openai-tool-calls-empty",
    answers(OPENAI),
    kills=("OAI-CHAT-019",),
    origin="https://github.com/lmstudio-ai/lmstudio-bug-tracker/issues/1318",
)
def tool_calls_empty(body: Json) -> None:
    """A plain text answer has an empty list of tool calls."""
    body["choices"][0]["message"].setdefault("tool_calls", [])


@fault(
    "openai-max-tokens-exceeded",
    prompts(OPENAI),
    kills=("OAI-PARAM-006",),
    origin="https://github.com/dtzp555-max/ocp/issues/470",
)
def max_tokens_exceeded(call: Call, prompt: Prompt) -> Prompt:
    """The answer may be longer than its budget."""
    del call
    return replace(prompt, max_tokens=prompt.max_tokens + _MORE_THAN_ASKED)


@fault(
    "openai-stop-ignored",
    prompts(OPENAI),
    kills=("OAI-PARAM-008",),
    origin="https://github.com/dtzp555-max/ocp/issues/470",
)
def stop_ignored(call: Call, prompt: Prompt) -> Prompt:
    """Stop sequences have no effect."""
    del call
    return replace(prompt, stop_sequences=())
