"""What a recorded exchange is: its protocol and kind, told from the exchange itself.

What is not certainly of an endpoint of ours is `other`, and nothing is judged on it:
threads, batches, stored answers, CORS preflights, other people's APIs.
"""

from __future__ import annotations

import json
import re
from functools import cached_property
from typing import Any
from urllib.parse import unquote, urlsplit

from conformance.imports.entry import Raw
from conformance.kinds import Endpoint, Kind, endpoint_of

_HOSTED = re.compile(
    r"/anthropic/models/(?!count-tokens)[^/]+:(stream)?rawpredict$"
    r"|/model/[^/]+/invoke(-with-response-stream)?$"
)
"""Vertex and Bedrock carry Messages below paths and error envelopes of their own."""

_BEDROCK_STREAM = "/invoke-with-response-stream"
_ELSEWHERE = re.compile(r"/(threads|batches|conversations|assistants)(/|$)")
_STREAM_OBJECT = re.compile(rb'"object"\s*:\s*"chat\.completion\.chunk"')
_STREAM_START = re.compile(rb'(^|\n)data:\s*\{.{0,40}"type"\s*:\s*"message_start"', re.DOTALL)
_MESSAGES_KEYS = {"messages", "model", "max_tokens", "anthropic_version"}
_CHAT = endpoint_of("/chat/completions", asks_anthropic=False)
_MESSAGES = endpoint_of("/messages", asks_anthropic=True)
_TEXT_OBJECT = re.compile(rb'"object"\s*:\s*"text_completion"')
_RESPONSE_START = re.compile(rb'(^|\n)data:\s*\{.{0,40}"type"\s*:\s*"response\.created"', re.DOTALL)
_FURTHER = {
    "/embeddings": ("input", "list"),
    "/completions": ("prompt", "text_completion"),
    "/responses": ("input", "response"),
}
"""Further endpoints: what a request to them always holds, and the `object` of the answer."""


def kind_of(raw: Raw) -> Kind:
    """The kind of an exchange; `other` where it is none of ours, or has no body."""
    look = _Look(raw)
    if raw.status < 200 or 300 <= raw.status < 400 or raw.body is None or look.is_binary_stream:
        return Kind.OTHER
    endpoint = look.endpoint
    return Kind.OTHER if endpoint is None else endpoint.kind(raw.status, look.is_streamed)


class _Look:
    """One look at an exchange; every part of it is parsed once."""

    def __init__(self, raw: Raw) -> None:
        self._raw = raw
        self._path = unquote(urlsplit(raw.url).path).rstrip("/").lower()

    @cached_property
    def request(self) -> dict[str, Any]:
        """The request's JSON object; empty where there is none."""
        return _object(self._raw.request_body or b"")

    @cached_property
    def answer(self) -> dict[str, Any]:
        """The answer's JSON object; empty where there is none."""
        return _object(self._raw.body or b"")

    @property
    def is_binary_stream(self) -> bool:
        """Whether the body is Amazon's binary event stream, which is no SSE."""
        return b"\x00" in (self._raw.body or b"")[:16]

    @property
    def endpoint(self) -> Endpoint | None:
        """The endpoint that was asked; None where it is none of ours for certain."""
        if self._raw.method.upper() not in ("", "POST"):
            return None
        if _ELSEWHERE.search(self._path):
            return None
        if self._path.endswith("/chat/completions"):
            return _CHAT
        if self._path.endswith("/messages"):
            return _MESSAGES if self._is_messages else None
        if _HOSTED.search(self._path):
            return _MESSAGES if self._is_hosted_messages else None
        return self._further or self._by_answer

    @property
    def _further(self) -> Endpoint | None:
        """One of the further endpoints, where path and request, or the answer, are its own."""
        for path, (asked, kind) in _FURTHER.items():
            if self._path.endswith(path):
                is_ours = asked in self.request or self.answer.get("object") == kind
                return endpoint_of(path, asks_anthropic=False) if is_ours else None
            if not self._path and self._answers_as(kind):
                return endpoint_of(path, asks_anthropic=False)
        return None

    def _answers_as(self, kind: str) -> bool:
        """Whether an answer without its request is unmistakably of a further endpoint."""
        start = (self._raw.body or b"")[:4096]
        if start.lstrip().startswith((b"data:", b"event:")):
            streams = {"text_completion": _TEXT_OBJECT, "response": _RESPONSE_START}
            return kind in streams and streams[kind].search(start) is not None
        data = self.answer.get("data")
        first = data[0] if isinstance(data, list) and data and isinstance(data[0], dict) else {}
        is_embedding = kind != "list" or first.get("object") == "embedding"
        return self.answer.get("object") == kind and is_embedding

    @property
    def _is_messages(self) -> bool:
        """Mail and chat services have `/messages` too; a body or an answer tells."""
        if self._answers_anthropic or _MESSAGES_KEYS & set(self.request):
            return True
        return not self.request and self._path.endswith("/v1/messages")

    @property
    def _is_hosted_messages(self) -> bool:
        """An answer in the Messages protocol; the hosts' errors are their own."""
        asked = "anthropic_version" in self.request and "messages" in self.request
        return self._raw.status < 300 and (self._answers_anthropic or asked)

    @property
    def _by_answer(self) -> Endpoint | None:
        """Under any other path, or none, the answer has to be unmistakable."""
        if self._path and not isinstance(self.request.get("messages"), list):
            return None
        if self._answers_anthropic and (not self._path or self._raw.status < 400):
            return _MESSAGES
        if self.answer.get("object") == "chat.completion" or self._streams_chunks:
            return _CHAT
        is_error = not self._path and self._raw.status >= 400
        return _CHAT if is_error and self._has_openai_error else None

    @property
    def _answers_anthropic(self) -> bool:
        answer = self.answer
        if answer.get("type") == "message":
            return answer.get("role") == "assistant" and isinstance(answer.get("content"), list)
        is_error = answer.get("type") == "error" and isinstance(answer.get("error"), dict)
        return is_error or _STREAM_START.search(self._raw.body or b"", 0, 4096) is not None

    @property
    def _streams_chunks(self) -> bool:
        return _STREAM_OBJECT.search(self._raw.body or b"", 0, 4096) is not None

    @property
    def _has_openai_error(self) -> bool:
        error = self.answer.get("error")
        return isinstance(error, dict) and bool({"param", "code"} & set(error))

    @property
    def is_streamed(self) -> bool:
        """Whether a stream was asked for; told from the answer where the request is lost."""
        if self._path.endswith(_BEDROCK_STREAM):
            return True
        is_told_by_body = "stream" in self.request or not self._path.endswith(":streamrawpredict")
        if self.request and is_told_by_body:
            return self.request.get("stream") is True
        types = [v for name, v in self._raw.headers if name.lower() == "content-type"]
        start = (self._raw.body or b"").lstrip()[:6]
        return any("event-stream" in v for v in types) or start in (b"data: ", b"event:")


def _object(body: bytes) -> dict[str, Any]:
    if body.lstrip()[:1] != b"{":
        return {}
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
