"""What vendors of the chat protocol are known to do differently is no failure of theirs.

Every shape was recorded; it may be a warning, for a gateway even a failure.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from unit_exchanges import (
    CHAT_STREAM,
    COMPLETION,
    TOOL_COMPLETION,
    USAGE,
    call,
    choice,
    chunk,
    exchange,
    recording,
)

from conformance import sse
from conformance.judge import Judge
from conformance.kinds import Kind
from conformance.model import Chunk, Exchange, Outcome
from conformance.profile import load
from conformance.registry import requirements

VENDOR = replace(
    load("generic"),
    kind="vendor",
    capabilities=load("generic").capabilities | {"logprobs", "n", "json_object", "json_schema"},
)
START = chunk(choice(role="assistant", content=""))
TEXT = chunk(choice(content="Hello there."))
END = chunk(choice(finish="stop"))
MESSAGE: dict[str, Any] = COMPLETION["choices"][0]["message"]
CALL: dict[str, Any] = TOOL_COMPLETION["choices"][0]["message"]["tool_calls"][0]
BARE = {"tools": None, "tool_choice": None}


def answered(message: dict[str, Any] | None = None, **choice_changes: Any) -> dict[str, Any]:
    """A plain answer with another message, or another field of its choice."""
    changed = COMPLETION["choices"][0] | choice_changes
    if message is not None:
        changed = changed | {"message": message}
    return COMPLETION | {"choices": [changed]}


def called(**changes: Any) -> dict[str, Any]:
    """An answer with a tool call, some field of which is another; None leaves it out."""
    made = {k: v for k, v in (CALL | changes).items() if v is not None}
    message = {"role": "assistant", "tool_calls": [made]}
    return answered(message, finish_reason="tool_calls")


def usage(**counts: Any) -> dict[str, Any]:
    """A plain answer with other counts."""
    return COMPLETION | {"usage": COMPLETION["usage"] | counts}


def likely(**changes: Any) -> dict[str, Any]:
    """An answer whose only token has a likelihood."""
    entry = {"token": "Yellow.", "logprob": 3e-05, "bytes": None, "top_logprobs": []}
    return answered(MESSAGE, logprobs={"content": [entry | changes]})


def without(value: dict[str, Any], *names: str) -> dict[str, Any]:
    """A chunk some keys of whose choices are left out."""
    kept = [{k: v for k, v in c.items() if k not in names} for c in value["choices"]]
    return value | {"choices": kept}


PLAIN: dict[str, Any] = {
    "openai: stop after a named tool": called()
    | {"choices": [TOOL_COMPLETION["choices"][0] | {"finish_reason": "stop"}]},
    "openai: a snapshot for an alias": COMPLETION | {"model": "demo-1-2024-08-06"},
    "openai: no refusal before 2024-08": answered({"role": "assistant", "content": "Yellow."}),
    "azure: no message under content_filter": COMPLETION
    | {"choices": [{"index": 0, "finish_reason": "content_filter", "content_filter_results": {}}]},
    "deepseek: content null beside reasoning": answered(
        {"role": "assistant", "content": None, "reasoning_content": "The sky is yellow today."},
        finish_reason="length",
    ),
    "deepseek: no system resource": answered(finish_reason="insufficient_system_resource"),
    "gemini: an empty call id, no content": called(id=""),
    "gemini: total is not the sum": usage(total_tokens=99),
    "mistral: no type of a call": called(type=None),
    "mistral: content as parts": answered(
        {"role": "assistant", "content": [{"type": "text", "text": "Yellow."}]}
    ),
    "mistral: model_length": answered(finish_reason="model_length"),
    "mistral: a call of nine characters, tool_calls null": answered(MESSAGE | {"tool_calls": None}),
    "groq: x_groq and no content": called() | {"x_groq": {"id": "req_1"}},
    "openrouter: native words beside": answered(
        MESSAGE | {"reasoning": "I think of yellow.", "reasoning_details": []},
        native_finish_reason="STOP",
        logprobs={"content": []},
    )
    | {"provider": "Somebody"},
    "openrouter: error as a reason": answered(finish_reason="error"),
    "xai: reasoning beyond the answer": usage(
        total_tokens=400, completion_tokens_details={"reasoning_tokens": 373}
    ),
    "together: eos and empty calls": answered(MESSAGE | {"tool_calls": []}, finish_reason="eos"),
    "databricks: usage details null": usage(
        prompt_tokens_details=None, completion_tokens_details={"reasoning_tokens": None}
    ),
}
STREAMS: dict[str, tuple[Any, ...]] = {
    "azure: filters first": (
        {
            **chunk(),
            "id": "",
            "object": "",
            "model": "",
            "created": 0,
            "prompt_filter_results": [{"prompt_index": 0}],
        },
        *CHAT_STREAM,
    ),
    "azure: a choice without delta": (
        START,
        TEXT,
        without(chunk(choice()), "delta"),
        *CHAT_STREAM[3:],
    ),
    "openai: moderation after the usage": (
        *CHAT_STREAM[:-1],
        chunk(moderation={"results": []}),
        sse.DONE,
    ),
    "openai: padding": (*(c | {"obfuscation": "x7"} for c in CHAT_STREAM[:-1]), sse.DONE),
    "deepseek: usage on the finishing choice": (START, TEXT, END | {"usage": USAGE}, sse.DONE),
    "deepseek: reasoning beside content null": (
        START,
        chunk(choice(content=None, reasoning_content="Hm.")),
        *CHAT_STREAM[1:],
    ),
    "qwen: an empty id in later fragments": (
        START,
        chunk(choice(tool_calls=[call(0, id="call_1", name="get_weather")])),
        chunk(choice(tool_calls=[call(0, '{"city": "Paris"}') | {"id": "", "type": "function"}])),
        chunk(choice(finish="tool_calls")),
        chunk(usage=USAGE),
        sse.DONE,
    ),
    "kimi: text in the finishing delta, usage in the choice": (
        START,
        TEXT,
        chunk(choice(finish="stop", content="!") | {"usage": USAGE}),
        sse.DONE,
    ),
    "glm: a role in every chunk, no early finish_reason": (
        without(START, "finish_reason"),
        without(chunk(choice(role="assistant", content="Hello there.")), "finish_reason"),
        chunk(choice(finish="stop", role="assistant", content="")) | {"usage": USAGE},
        sse.DONE,
    ),
    "glm: a whole call in one fragment": (
        START,
        chunk(choice(tool_calls=[call(0, '{"city": "Paris"}', id="call_1", name="get_weather")])),
        chunk(choice(finish="tool_calls")) | {"usage": USAGE},
        sse.DONE,
    ),
    "gemini: a call without index": (
        START,
        chunk(
            choice(
                tool_calls=[
                    {
                        k: v
                        for k, v in call(
                            0, '{"city": "Paris"}', id="call_1", name="get_weather"
                        ).items()
                        if k != "index"
                    }
                ]
            )
        ),
        chunk(choice(finish="tool_calls")),
        sse.DONE,
    ),
    "mistral: content as parts": (
        START,
        chunk(choice(content=[{"type": "text", "text": "Hello"}])),
        END | {"usage": USAGE},
        sse.DONE,
    ),
    "groq: usage twice": (START, TEXT, END | {"usage": USAGE}, chunk(usage=USAGE), sse.DONE),
    "openrouter: the reason again beside the usage": (
        START,
        TEXT,
        END,
        chunk(choice(finish="stop", role="assistant", content="")) | {"usage": USAGE},
        sse.DONE,
    ),
    "openrouter: reasoning after content": (
        START,
        TEXT,
        chunk(choice(reasoning="One more thing.")),
        *CHAT_STREAM[3:],
    ),
    "xai: created varies": (START, TEXT | {"created": 1790000012}, *CHAT_STREAM[3:]),
    "perplexity: another object, no [DONE]": (
        START,
        TEXT,
        END | {"object": "chat.completion.done", "usage": USAGE},
    ),
}
LIKELY = {
    "a slightly positive one": likely(),
    "an impossible one": likely(logprob=-9999.0),
    "bytes beside": likely(bytes=list(b"Yellow.")),
    "part of a character, by its bytes": likely(token="\\xf0", bytes=list(b"Yellow.")),
    "no list of others": likely(top_logprobs=None),
}


def broken(found: Exchange) -> dict[str, list[Any]]:
    """The requirements that a vendor's exchange fails, with what was found."""
    judge = Judge({"recorded": recording("recorded", found)}, VENDOR)
    ids = [id for id in requirements() if not id.startswith("ANT")]
    verdicts = judge.verdicts(ids)
    return {
        id: list(verdict.violations)
        for id, verdict in verdicts.items()
        if verdict.outcome is Outcome.FAIL
    }


@pytest.mark.parametrize("answer", [pytest.param(a, id=name) for name, a in PLAIN.items()])
def test_a_vendors_answer_does_not_fail(answer: dict[str, Any]) -> None:
    assert broken(exchange(Kind.OPENAI_COMPLETION, answer)) == {}


@pytest.mark.parametrize("chunks", [pytest.param(c, id=name) for name, c in STREAMS.items()])
@pytest.mark.parametrize("usage_is_asked", [True, False])
def test_a_vendors_stream_does_not_fail(chunks: tuple[Any, ...], usage_is_asked: bool) -> None:
    how = {"stream_options": {"include_usage": True}} if usage_is_asked else {}

    assert broken(exchange(Kind.OPENAI_STREAM, chunks, **how)) == {}


@pytest.mark.parametrize("answer", [pytest.param(a, id=name) for name, a in LIKELY.items()])
def test_a_vendors_likelihoods_do_not_fail(answer: dict[str, Any]) -> None:
    assert broken(exchange(Kind.OPENAI_COMPLETION, answer, logprobs=True, top_logprobs=2)) == {}


@pytest.mark.parametrize(
    "framing",
    [
        pytest.param(lambda body: b": OPENROUTER PROCESSING\n\n" + body, id="a comment first"),
        pytest.param(
            lambda body: body.replace(b"\n\n", b"\n\n: keep-alive\n\n"), id="comments between"
        ),
        pytest.param(lambda body: body.replace(b"\n", b"\r\n"), id="CRLF"),
        pytest.param(lambda body: body.replace(b"data: ", b"data:"), id="no space"),
        pytest.param(lambda body: b"\n\n" + body, id="blank lines first"),
        pytest.param(lambda body: body + b": done\n\n\n", id="a comment after [DONE]"),
    ],
)
def test_a_vendors_framing_does_not_fail(framing: Any) -> None:
    sound = exchange(Kind.OPENAI_STREAM, CHAT_STREAM, stream_options={"include_usage": True})
    body = Chunk(0.1, framing(sound.answer.body))

    assert broken(replace(sound, response=replace(sound.answer, chunks=(body,)))) == {}


BREAKING = {
    "retry only": (b"retry: 3000\n\n", "OAI-SSE-003"),
    "an id line": (b"id: 7\n\n", "OAI-SSE-003"),
    "a ping without data": (b"event: ping\n\n", "OAI-SSE-003"),
    "data that is no JSON": (b"data: pong\n\n", "OAI-SSE-002"),
    "data after the end": (b"", "OAI-SSE-008"),
}


@pytest.mark.parametrize("name", BREAKING)
def test_framing_that_crashes_clients_fails_for_a_vendor_too(name: str) -> None:
    sound = exchange(Kind.OPENAI_STREAM, CHAT_STREAM)
    before, id = BREAKING[name]
    after = b"" if before else b"data: " + json.dumps(TEXT).encode() + b"\n\n"
    body = Chunk(0.1, before + sound.answer.body + after)

    assert id in broken(replace(sound, response=replace(sound.answer, chunks=(body,))))
