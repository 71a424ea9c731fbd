"""What an exchange is: its protocol by the path that was asked, its kind by the answer."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Protocol(StrEnum):
    """The two wire protocols that gateways expose."""

    ANTHROPIC = "anthropic"
    OPENAI = "openai"


class Kind(StrEnum):
    """What an exchange is, told from the exchange alone (so it also works offline).

    Without more words, `message` and `completion` are the answers of the two main
    endpoints, `stream` their streams, `error` a refusal on any endpoint of a protocol.
    """

    ANTHROPIC_MESSAGE = "anthropic message"
    ANTHROPIC_STREAM = "anthropic stream"
    ANTHROPIC_ERROR = "anthropic error"
    ANTHROPIC_TOKEN_COUNT = "anthropic token count"  # noqa: S105 - a count of tokens, no secret
    ANTHROPIC_MODEL_LIST = "anthropic model list"
    ANTHROPIC_MODEL = "anthropic model"
    OPENAI_COMPLETION = "openai completion"
    OPENAI_STREAM = "openai stream"
    OPENAI_ERROR = "openai error"
    OPENAI_MODEL_LIST = "openai model list"
    OPENAI_MODEL = "openai model"
    OPENAI_EMBEDDINGS = "openai embeddings"
    OPENAI_TEXT_COMPLETION = "openai text completion"
    OPENAI_TEXT_STREAM = "openai text stream"
    OPENAI_RESPONSE = "openai response"
    OPENAI_RESPONSE_STREAM = "openai response stream"
    OTHER = "other"


@dataclass(frozen=True)
class Endpoint:
    """One endpoint of a protocol; `stream` is None where it cannot stream."""

    protocol: Protocol
    plain: Kind
    stream: Kind | None = None

    def kind(self, status: int, is_streamed: bool) -> Kind:
        """What an answer with this status is."""
        if status >= 400:
            return Kind(f"{self.protocol} error")
        return self.stream if is_streamed and self.stream else self.plain


_ENDPOINTS = {
    "/chat/completions": Endpoint(Protocol.OPENAI, Kind.OPENAI_COMPLETION, Kind.OPENAI_STREAM),
    "/messages": Endpoint(Protocol.ANTHROPIC, Kind.ANTHROPIC_MESSAGE, Kind.ANTHROPIC_STREAM),
    "/messages/count_tokens": Endpoint(Protocol.ANTHROPIC, Kind.ANTHROPIC_TOKEN_COUNT),
    "/embeddings": Endpoint(Protocol.OPENAI, Kind.OPENAI_EMBEDDINGS),
    "/completions": Endpoint(Protocol.OPENAI, Kind.OPENAI_TEXT_COMPLETION, Kind.OPENAI_TEXT_STREAM),
    "/responses": Endpoint(Protocol.OPENAI, Kind.OPENAI_RESPONSE, Kind.OPENAI_RESPONSE_STREAM),
}
_MODEL_LIST = {
    Protocol.ANTHROPIC: Endpoint(Protocol.ANTHROPIC, Kind.ANTHROPIC_MODEL_LIST),
    Protocol.OPENAI: Endpoint(Protocol.OPENAI, Kind.OPENAI_MODEL_LIST),
}
_MODEL = {
    Protocol.ANTHROPIC: Endpoint(Protocol.ANTHROPIC, Kind.ANTHROPIC_MODEL),
    Protocol.OPENAI: Endpoint(Protocol.OPENAI, Kind.OPENAI_MODEL),
}


def endpoint_of(path: str, asks_anthropic: bool) -> Endpoint | None:
    """The endpoint behind a path without query; None where it is none of ours.

    The model list has one path on both protocols: `asks_anthropic` says whether the
    request carried what only Anthropic's clients send.
    """
    found = [name for name in _ENDPOINTS if path.endswith(name)]
    if found:
        return _ENDPOINTS[max(found, key=len)]
    protocol = Protocol.ANTHROPIC if asks_anthropic else Protocol.OPENAI
    if path.endswith("/models"):
        return _MODEL_LIST[protocol]
    return _MODEL[protocol] if "/models/" in path else None
