"""The protocol-neutral request and answer that both wire formats parse into and render from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Literal, NoReturn

Json = dict[str, Any]
"""One JSON object."""


class StopReason(Enum):
    """Why the model stopped; each wire format has its own words for these."""

    END_TURN = "end_turn"
    MAX_TOKENS = "max_tokens"
    STOP_SEQUENCE = "stop_sequence"
    TOOL_USE = "tool_use"
    REFUSAL = "refusal"


@dataclass(frozen=True)
class Likelihood:
    """A token that was said: its log probability, and the likeliest tokens at its place."""

    token: str
    logprob: float
    top: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class Citation:
    """Where in the text of which document of the prompt, counted from 0, words were taken from."""

    document: int
    title: str
    start: int
    text: str


@dataclass(frozen=True)
class Text:
    """A piece of text inside a turn or an answer; `likelihoods` where they were asked for."""

    text: str
    likelihoods: tuple[Likelihood, ...] = ()
    citations: tuple[Citation, ...] = ()


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


@dataclass(frozen=True)
class ToolCall:
    """A call of a tool; `arguments` is the text of one JSON object, kept as it came."""

    id: str
    name: str
    arguments: str

    @property
    def is_whole(self) -> bool:
        """True when the arguments are one JSON object; a call may have been cut inside of it."""
        if not self.arguments.rstrip().endswith("}"):
            return False
        try:
            return isinstance(json.loads(self.arguments, parse_constant=_refuse_constant), dict)
        except (ValueError, RecursionError):
            return False


@dataclass(frozen=True)
class Image:
    """A picture: its bytes, or the `url` where it stands, which is never fetched."""

    media_type: str | None
    data: bytes = field(default=b"", repr=False)
    url: str | None = None


@dataclass(frozen=True)
class Document:
    """A file to read: its text where it has one, else its bytes or where it stands.

    `about` is its title, and what else was said about it.
    """

    media_type: str
    text: str = ""
    about: str = ""
    data: bytes = field(default=b"", repr=False)
    url: str | None = None
    is_citable: bool = False


@dataclass(frozen=True)
class Thinking:
    """What the model thought before it answered; the signature proves that it is unchanged."""

    text: str
    signature: str


@dataclass(frozen=True)
class RedactedThinking:
    """Thinking that the client cannot read and gives back as it came."""

    data: str


@dataclass(frozen=True)
class ToolResult:
    """What a tool answered to the call `call_id`."""

    call_id: str
    text: str
    is_error: bool = False
    attachments: tuple[Image | Document, ...] = ()


Part = Text | Image | Document | Thinking | RedactedThinking | ToolCall | ToolResult
"""What a turn is made of."""
AnswerPart = Text | Thinking | RedactedThinking | ToolCall
"""What an answer is made of."""


@dataclass(frozen=True)
class Turn:
    """One message of the conversation; system texts are kept apart, in `Prompt.system`."""

    role: Literal["user", "assistant"]
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class ThinkingMode:
    """How the model is to think before it answers; a budget of None leaves it to the model.

    Thinking that is not shown is still done and counted; its text is empty.
    """

    budget_tokens: int | None = None
    is_shown: bool = True


@dataclass(frozen=True)
class Sampling:
    """How the next token is picked; None leaves it to the model."""

    temperature: float | None = None
    top_p: float | None = None
    top_k: float | None = None


@dataclass(frozen=True)
class CacheMark:
    """A prefix worth keeping: the first `length` items of tools, system texts and parts."""

    length: int
    ttl_s: int


@dataclass(frozen=True)
class Tool:
    """A tool on offer; `schema` is the JSON Schema of its arguments.

    `is_strict` says whether they have to fit it; None leaves that to whoever answers.
    """

    name: str
    description: str
    schema: Json
    is_strict: bool | None = None


@dataclass(frozen=True)
class ToolChoice:
    """How free the model is to call tools; `name` is set when `mode` is `named`.

    `allowed` are the names of the tools that may be called; empty for all of them.
    """

    mode: Literal["auto", "any", "none", "named"] = "auto"
    name: str | None = None
    parallel: bool = True
    allowed: tuple[str, ...] = ()

    @property
    def is_forced(self) -> bool:
        """True when the answer has to be a call."""
        return self.mode in ("any", "named")


@dataclass(frozen=True)
class OutputLabel:
    """What is said of a wanted JSON answer beside its schema."""

    name: str = "answer"
    description: str = ""
    is_strict: bool | None = True


@dataclass(frozen=True)
class Prompt:
    """A request as the model sees it, whichever protocol it came through.

    `output_schema` is set when the answer has to be JSON; an empty schema means any object.
    `choices` are the answers wanted to it, `top_logprobs` the likeliest tokens wanted at each
    place (None: no likelihoods at all). `system_places` tells for each system text how many
    parts of the turns stand before it. `effort` is the word for how hard to think, `user`
    stands for whoever the client asks for.
    """

    model: str
    system: tuple[str, ...]
    turns: tuple[Turn, ...]
    max_tokens: int
    tools: tuple[Tool, ...] = ()
    choice: ToolChoice = ToolChoice()
    stop_sequences: tuple[str, ...] = ()
    output_schema: Mapping[str, Any] | None = None
    stream: bool = False
    include_usage: bool = False
    thinking: ThinkingMode | None = None
    cache_marks: tuple[CacheMark, ...] = ()
    choices: int = 1
    top_logprobs: int | None = None
    system_places: tuple[int, ...] = ()
    sampling: Sampling = Sampling()
    effort: str | None = None
    output_label: OutputLabel = OutputLabel()
    user: str = ""
    service_tier: Literal["auto", "standard"] | None = None


@dataclass(frozen=True)
class CacheUse:
    """The part of the input tokens that was read from the prompt cache or written to it."""

    read_tokens: int = 0
    written_5m_tokens: int = 0
    written_1h_tokens: int = 0

    @property
    def written_tokens(self) -> int:
        """What was written, for however long."""
        return self.written_5m_tokens + self.written_1h_tokens


NO_CACHE = CacheUse()


@dataclass(frozen=True)
class Usage:
    """What a request is charged for.

    `input_tokens` is the whole input, cached or not, and `output_tokens` includes
    the thinking; `cache` and `thinking_tokens` only tell of which part. `is_estimated`
    where whoever answered did not count, and the gateway did in its place.
    """

    input_tokens: int
    output_tokens: int
    cache: CacheUse = NO_CACHE
    thinking_tokens: int = 0
    is_estimated: bool = False


@dataclass(frozen=True)
class Answer:
    """A finished answer; `usage` is that of the request, all choices together.

    `others` are the further choices, where more than one was asked for.
    """

    parts: tuple[AnswerPart, ...]
    stop_reason: StopReason
    stop_sequence: str | None
    usage: Usage
    others: tuple[Answer, ...] = ()

    @property
    def choices(self) -> tuple[Answer, ...]:
        """Every choice, this one first."""
        return (self, *self.others)

    @property
    def calls(self) -> tuple[ToolCall, ...]:
        """The tool calls of the answer, in order."""
        return tuple(part for part in self.parts if isinstance(part, ToolCall))

    @property
    def text(self) -> str:
        """The text of the answer, joined."""
        return "".join(part.text for part in self.parts if isinstance(part, Text))
