"""Faults in the details of chat completions: refusals, likelihoods, usage details, reasoning."""

from __future__ import annotations

from dataclasses import replace

from reference_gateway.call import Call
from reference_gateway.chat import Json
from reference_gateway.faults.places import OPENAI, Frames, answers, payloads, replies, streams
from reference_gateway.faults.registry import fault
from reference_gateway.seams import Reply
from reference_gateway.wire import Frame

_START = b'{"id":"chatcmpl-'
_SEARCHED = b'{"grounding_score":NaN,'


@fault(
    "openai-refusal-key-missing",
    answers(OPENAI),
    kills=("OAI-CHAT-010",),
    origin="OpenAI API description, ChatCompletionResponseMessage: refusal is required",
)
def refusal_missing(body: Json) -> None:
    """Messages have no key `refusal`."""
    for choice in body["choices"]:
        del choice["message"]["refusal"]


@fault(
    "openai-refusal-beside-content",
    answers(OPENAI),
    kills=("OAI-CHAT-010",),
    origin="https://github.com/theopenco/llmgateway/issues/2974",
)
def refusal_beside_content(body: Json) -> None:
    """The text of an answer stands in `refusal` too."""
    for choice in body["choices"]:
        choice["message"]["refusal"] = choice["message"]["content"]


@fault(
    "openai-logprobs-unasked",
    answers(OPENAI),
    kills=("OAI-CHAT-013",),
    origin="OpenAI API description, logprobs: null unless asked for",
)
def logprobs_unasked(body: Json) -> None:
    """Likelihoods come as an empty object where nobody asked for them."""
    for choice in body["choices"]:
        choice["logprobs"] = choice["logprobs"] or {"content": [], "refusal": None}


@fault(
    "openai-cached-tokens-beyond-prompt",
    answers(OPENAI),
    kills=("OAI-CHAT-016",),
    origin="https://github.com/earendil-works/pi/issues/2048",
)
def cached_beyond_prompt(body: Json) -> None:
    """More tokens were cached than the prompt has, so the rest is negative."""
    usage = body["usage"]
    usage["prompt_tokens_details"]["cached_tokens"] = usage["prompt_tokens"] + 5


@fault(
    "openai-reasoning-in-content",
    answers(OPENAI),
    kills=("OAI-CHAT-020",),
    origin="https://github.com/raullenchai/Rapid-MLX/issues/208",
)
def reasoning_in_content(body: Json) -> None:
    """The content begins with the reasoning that also stands beside it."""
    for choice in body["choices"]:
        message = choice["message"]
        if message.get("reasoning_content"):
            message["content"] = message["reasoning_content"] + (message["content"] or "")


@fault(
    "openai-duplicate-keys",
    replies(OPENAI, 200),
    kills=("OAI-CHAT-022",),
    origin="RFC 8259, section 4: the names within an object should be unique",
)
def duplicate_keys(call: Call, reply: Reply) -> Reply:
    """The key `id` stands twice in an answer."""
    del call
    return replace(reply, body=reply.body.replace(_START, b'{"id":"",' + _START[1:], 1))


@fault(
    "openai-nan",
    replies(OPENAI, 200),
    kills=("OAI-CHAT-022",),
    origin="RFC 8259, section 6: NaN is no JSON number",
)
def not_a_number(call: Call, reply: Reply) -> Reply:
    """A field that the gateway adds to an answer has the value NaN."""
    del call
    return replace(reply, body=reply.body.replace(_START, _SEARCHED + _START[1:], 1))


@fault(
    "openai-reasoning-uncounted",
    answers(OPENAI),
    kills=("OAI-PARAM-016",),
    origin="https://github.com/BerriAI/litellm/issues/27319",
)
def reasoning_uncounted(body: Json) -> None:
    """The usage has no reasoning tokens, though reasoning is shown."""
    body["usage"]["completion_tokens_details"]["reasoning_tokens"] = 0


@fault(
    "openai-stream-bare-chunk",
    streams(OPENAI),
    kills=("OAI-STREAM-024",),
    origin="Azure, recorded: a first chunk with choices [] and filter results",
)
async def bare_chunk(frames: Frames) -> Frames:
    """The stream begins with a chunk that has no choice."""
    begun = False
    async for frame in frames:
        if not begun and isinstance(frame.data, dict):
            begun = True
            yield Frame(None, {**frame.data, "choices": []})
        yield frame


@fault(
    "openai-stream-padding-not-declined",
    payloads(OPENAI),
    kills=("OAI-STREAM-020",),
    origin="OpenAI API description, ChatCompletionStreamOptions: include_obfuscation false",
)
def padding_not_declined(chunk: Json) -> None:
    """Every chunk is padded, whether or not the client declined it."""
    chunk["obfuscation"] = "0000"


@fault(
    "openai-stream-reasoning-last",
    streams(OPENAI),
    kills=("OAI-STREAM-022",),
    origin="https://github.com/BerriAI/litellm/issues/13834",
)
async def reasoning_last(frames: Frames) -> Frames:
    """Reasoning comes after the content."""
    kept: list[Frame] = []
    async for frame in frames:
        choices = frame.data.get("choices", ()) if isinstance(frame.data, dict) else []
        if choices and "reasoning_content" in choices[0]["delta"]:
            kept.append(frame)
            continue
        if choices and choices[0]["finish_reason"]:
            for late in kept:
                yield late
        yield frame


@fault(
    "openai-stream-json-ends-as-cut",
    streams(OPENAI),
    kills=("OAI-STREAM-028",),
    origin="https://github.com/theopenco/llmgateway/issues/2019",
)
async def json_ends_as_cut(frames: Frames) -> Frames:
    """A streamed answer in JSON finishes with `length`, though it is complete."""
    said = ""
    async for frame in frames:
        for choice in frame.data.get("choices", ()) if isinstance(frame.data, dict) else ():
            said += choice["delta"].get("content") or ""
            if choice["finish_reason"] and said.startswith("{"):
                choice["finish_reason"] = "length"
        yield frame


@fault(
    "openai-stream-second-choice-empty",
    payloads(OPENAI),
    kills=("OAI-STREAM-019",),
    origin="https://github.com/BerriAI/litellm/issues/3276",
)
def second_choice_empty(chunk: Json) -> None:
    """Only the first of several choices has a text."""
    for choice in chunk.get("choices", ()):
        if choice["index"] > 0:
            choice["delta"].pop("content", None)


@fault(
    "openai-stream-joiners-lost",
    payloads(OPENAI),
    kills=("OAI-PARAM-019",),
    origin="Filters against invisible characters take emoji apart",
)
def joiners_lost(chunk: Json) -> None:
    """Invisible characters are filtered, and pictures fall apart."""
    for choice in chunk.get("choices", ()):
        text = choice["delta"].get("content")
        if text:
            choice["delta"]["content"] = text.replace("\u200d", "")


@fault(
    "openai-stream-separator-lost",
    payloads(OPENAI),
    kills=("OAI-PARAM-019",),
    origin="Line splitters that end a line at U+2028, as Python's splitlines does",
)
def separator_lost(chunk: Json) -> None:
    """Line separators are lost between the words that they part."""
    for choice in chunk.get("choices", ()):
        text = choice["delta"].get("content")
        if text:
            choice["delta"]["content"] = text.replace("\u2028", "")
