"""What an exchange is, told from itself; what is neither chat nor Messages is left alone."""

from __future__ import annotations

import json
from typing import Any

import pytest

from conformance.imports.entry import Raw
from conformance.imports.recognition import kind_of
from conformance.kinds import Kind

ASKED = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}
HOSTED = {"anthropic_version": "bedrock-2023-05-31", "max_tokens": 9, "messages": []}
MESSAGE = {"type": "message", "role": "assistant", "content": [], "id": "msg_1"}
CHAT = {"object": "chat.completion", "choices": [], "id": "1"}
SSE = 'event: message_start\ndata: {"type":"message_start"}\n\n'
CHUNKS = 'data: {"object":"chat.completion.chunk","choices":[]}\n\n'
TEXT_CHUNKS = 'data: {"object":"text_completion","choices":[]}\n\n'
RESPONSE_EVENTS = 'event: response.created\ndata: {"type":"response.created"}\n\n'
VECTORS = {"object": "list", "data": [{"object": "embedding", "index": 0, "embedding": [1]}]}
ANTHROPIC_ERROR = {"type": "error", "error": {"type": "api_error", "message": "no"}}
OPENAI_ERROR = {"error": {"message": "no", "param": None, "code": None}}
VERTEX = "/v1/projects/p/locations/l/publishers/anthropic/models"


def raw(
    url: str, asked: Any = ASKED, answer: Any = MESSAGE, status: int = 200, method: str = "POST"
) -> Raw:
    """An exchange; bodies as JSON unless they are texts."""
    body = answer if isinstance(answer, str) else json.dumps(answer)
    kind = "text/event-stream" if body.startswith(("data", "event")) else "application/json"
    sent = b"" if asked is None else json.dumps(asked).encode()
    return Raw(method, url, (), sent, status, (("content-type", kind),), body.encode())


STREAM = {**ASKED, "stream": True}
CASES = {
    "Messages": (raw("/v1/messages"), Kind.ANTHROPIC_MESSAGE),
    "Messages with a query": (raw("/v1/messages?beta=true"), Kind.ANTHROPIC_MESSAGE),
    "Messages below a prefix": (
        raw("https://x/api/anthropic/v1/messages/"),
        Kind.ANTHROPIC_MESSAGE,
    ),
    "a stream of Messages": (raw("/v1/messages", STREAM, SSE), Kind.ANTHROPIC_STREAM),
    "a stream answered with JSON": (raw("/v1/messages", STREAM), Kind.ANTHROPIC_STREAM),
    "a plain answer that streams": (raw("/v1/messages", ASKED, SSE), Kind.ANTHROPIC_MESSAGE),
    "an error of Messages": (
        raw("/v1/messages", ASKED, ANTHROPIC_ERROR, 429),
        Kind.ANTHROPIC_ERROR,
    ),
    "a web page for an error": (raw("/v1/messages", ASKED, "<html>", 502), Kind.ANTHROPIC_ERROR),
    "chat": (raw("/v1/chat/completions", ASKED, CHAT), Kind.OPENAI_COMPLETION),
    "chat at Azure": (
        raw("/openai/deployments/d/chat/completions?api-version=1", ASKED, CHAT),
        Kind.OPENAI_COMPLETION,
    ),
    "a stream of chat": (raw("/v1/chat/completions", STREAM, CHUNKS), Kind.OPENAI_STREAM),
    "an error of chat": (raw("/v1/chat/completions", ASKED, OPENAI_ERROR, 400), Kind.OPENAI_ERROR),
    "chat under another path": (
        raw("/serving-endpoints/x/invocations", ASKED, CHAT),
        Kind.OPENAI_COMPLETION,
    ),
    "Vertex": (raw(f"{VERTEX}/claude@1:rawPredict", HOSTED), Kind.ANTHROPIC_MESSAGE),
    "Vertex, streamed": (
        raw(f"{VERTEX}/claude@1:streamRawPredict", {**HOSTED, "stream": True}, SSE),
        Kind.ANTHROPIC_STREAM,
    ),
    "Vertex, a stream path without a stream": (
        raw(f"{VERTEX}/claude@1:streamRawPredict", HOSTED),
        Kind.ANTHROPIC_MESSAGE,
    ),
    "Bedrock": (raw("/model/claude%3A0/invoke", HOSTED), Kind.ANTHROPIC_MESSAGE),
    "Bedrock, rebuilt": (
        raw("/model/c/invoke-with-response-stream", HOSTED, SSE),
        Kind.ANTHROPIC_STREAM,
    ),
    "embeddings": (raw("/v1/embeddings", {"input": "x"}, VECTORS), Kind.OPENAI_EMBEDDINGS),
    "an error of embeddings": (
        raw("/v1/embeddings", {"input": "x"}, OPENAI_ERROR, 404),
        Kind.OPENAI_ERROR,
    ),
    "a legacy completion": (
        raw("/v1/completions", {"prompt": "x"}, {"object": "text_completion"}),
        Kind.OPENAI_TEXT_COMPLETION,
    ),
    "a legacy completion, streamed": (
        raw("/v1/completions", {"prompt": "x", "stream": True}, TEXT_CHUNKS),
        Kind.OPENAI_TEXT_STREAM,
    ),
    "a response": (
        raw("/v1/responses", {"input": "hi"}, {"object": "response"}),
        Kind.OPENAI_RESPONSE,
    ),
    "a response, streamed": (
        raw("/v1/responses", {"input": "hi", "stream": True}, RESPONSE_EVENTS),
        Kind.OPENAI_RESPONSE_STREAM,
    ),
    "curl: embeddings": (raw("", None, VECTORS), Kind.OPENAI_EMBEDDINGS),
    "curl: a legacy completion": (
        raw("", None, {"object": "text_completion"}),
        Kind.OPENAI_TEXT_COMPLETION,
    ),
    "curl: chunks of text": (raw("", None, TEXT_CHUNKS), Kind.OPENAI_TEXT_STREAM),
    "curl: a response": (raw("", None, {"object": "response"}), Kind.OPENAI_RESPONSE),
    "curl: a response, streamed": (
        raw("", None, RESPONSE_EVENTS),
        Kind.OPENAI_RESPONSE_STREAM,
    ),
    "curl: a message": (raw("", None), Kind.ANTHROPIC_MESSAGE),
    "curl: a stream": (raw("", None, SSE), Kind.ANTHROPIC_STREAM),
    "curl: chat": (raw("", None, CHAT), Kind.OPENAI_COMPLETION),
    "curl: chunks": (raw("", None, CHUNKS), Kind.OPENAI_STREAM),
    "curl: an error of Messages": (raw("", None, ANTHROPIC_ERROR, 400), Kind.ANTHROPIC_ERROR),
    "curl: an error of chat": (raw("", None, OPENAI_ERROR, 400), Kind.OPENAI_ERROR),
}
OTHERS = {
    "a CORS preflight": raw("/v1/messages", None, "", 204, "OPTIONS"),
    "stored completions": raw("/v1/chat/completions", None, {"data": []}, 200, "GET"),
    "messages of a thread": raw("/v1/threads/t/messages", {"role": "user"}, {"object": "x"}),
    "a mail service": raw("/v3/example.org/messages", {"to": "a"}, {"id": "1"}),
    "WhatsApp": raw("/v1/messages", {"to": "1", "type": "text"}, {"messages": [{"id": "1"}]}),
    "count_tokens": raw("/v1/messages/count_tokens", ASKED, {"input_tokens": 3}),
    "count_tokens at Vertex": raw(f"{VERTEX}/count-tokens:rawPredict", HOSTED, {"input_tokens": 3}),
    "batches": raw("/v1/messages/batches", {"requests": []}, {"id": "b"}),
    "a stored response": raw("/v1/responses/resp_1", None, {"object": "response"}, 200, "GET"),
    "a reverse proxy's completions": raw("/v1/completions", {"q": "x"}, {"items": []}),
    "somebody's responses": raw("/survey/responses", {"answers": []}, {"id": 1}),
    "somebody's embeddings": raw("/v2/embeddings", {"texts": ["x"]}, {"embeddings": []}),
    "an error of Bedrock's own": raw("/model/c/invoke", HOSTED, {"message": "no"}, 400),
    "Claude 2 at Bedrock": raw("/model/claude-v2/invoke", {"prompt": "x"}, {"completion": "y"}),
    "Amazon's binary stream": raw("/model/c/invoke-with-response-stream", HOSTED, "\0\0\1\0"),
    "a redirect": raw("/v1/messages", ASKED, "", 307),
    "no answer": raw("/v1/messages", ASKED, "", 0),
    "a web page": raw("", None, "<html></html>"),
    "an error under another path": raw("/v1/moderations", {"input": "x"}, OPENAI_ERROR, 400),
}


@pytest.mark.parametrize("name", list(CASES))
def test_an_exchange_is_recognised(name: str) -> None:
    exchange, kind = CASES[name]

    assert kind_of(exchange) is kind


@pytest.mark.parametrize("name", list(OTHERS))
def test_what_is_neither_is_other(name: str) -> None:
    assert kind_of(OTHERS[name]) is Kind.OTHER


def test_a_body_that_was_not_recorded_is_not_judged_as_an_empty_one() -> None:
    assert kind_of(Raw("POST", "/v1/messages", status=200)) is Kind.OTHER
