"""The values that everything else passes around: exchanges, violations, verdicts.

Frozen, without I/O, clock or randomness. Headers are pairs in the order they were
on the wire; times are seconds since the request was sent.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from conformance import sse
from conformance.kinds import Endpoint, Kind, Protocol, endpoint_of

Headers = tuple[tuple[str, str], ...]


class Level(StrEnum):
    """How binding a requirement is (RFC 2119 words), strongest first."""

    MUST = "must"
    SHOULD = "should"
    MAY = "may"


class Outcome(StrEnum):
    """The closed set of what a verdict can say, worst first."""

    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    WARN = "warn"
    NOT_RUN = "not_run"
    INFO = "info"
    KNOWN = "known"
    PASS = "pass"  # noqa: S105 - an outcome, no password
    NOT_APPLICABLE = "not_applicable"

    @property
    def rank(self) -> int:
        """0 for the worst outcome."""
        return list(Outcome).index(self)


class Part(StrEnum):
    """What a recording made elsewhere may have lost; nothing is judged on it then.

    HEADERS: some were left out, so an absent one proves nothing. IDS: replaced.
    REQUEST: the body that was sent is unknown. END: the recording stops too early.
    TIMES: when the bytes arrived is unknown, as in every foreign format.
    """

    FRAMING = "framing"
    HEADERS = "headers"
    IDS = "ids"
    REQUEST = "request"
    END = "end"
    TIMES = "times"


class Ended(StrEnum):
    """How the body of a response ended; an abandoned one was left by us and is of no kind."""

    COMPLETE = "complete"
    CUT = "cut"
    SILENT = "silent"
    OVERDUE = "overdue"
    ABANDONED = "abandoned"


class FailureKind(StrEnum):
    """Why there is no response at all; LEFT: who asked went away before one."""

    DNS = "dns"
    REFUSED = "refused"
    TLS = "tls"
    RESET = "reset"
    TIMEOUT = "timeout"
    MALFORMED = "malformed"
    LEFT = "left"


class Side(StrEnum):
    """Where an exchange was seen: by the client of the gateway, or by the lab behind it."""

    CLIENT = "client"
    UPSTREAM = "upstream"


@dataclass(frozen=True)
class Chunk:
    """Bytes of a body as one read delivered them."""

    at_s: float
    data: bytes


@dataclass(frozen=True)
class Request:
    """What was sent."""

    method: str
    url: str
    headers: Headers
    body: bytes

    @cached_property
    def json(self) -> dict[str, Any]:
        """The body as a JSON object; empty where it is anything else."""
        value = _parsed(self.body)
        return value if isinstance(value, dict) else {}

    @property
    def wants_stream(self) -> bool:
        """Whether the body asks for a stream."""
        return self.json.get("stream") is True

    @property
    def is_http(self) -> bool:
        """Whether its header lines are HTTP; if not, the server answers, for no protocol."""
        return not any("\n" in value for _, value in self.headers)

    @property
    def path(self) -> str:
        """The path of the URL without query and without a trailing slash."""
        return urlsplit(self.url).path.rstrip("/")

    def header(self, name: str) -> str | None:
        """The first header of this name, whatever its case."""
        return _header(self.headers, name)


@dataclass(frozen=True)
class Response:
    """What came back: `chunks` are the body as it arrived, `ended` how it stopped."""

    status: int
    headers: Headers
    chunks: tuple[Chunk, ...]
    ended: Ended
    headers_at_s: float
    ended_at_s: float

    @cached_property
    def body(self) -> bytes:
        """The chunks joined."""
        return b"".join(chunk.data for chunk in self.chunks)

    @cached_property
    def text(self) -> str:
        """The body as UTF-8, with U+FFFD for what is not."""
        return self.body.decode("utf-8", errors="replace")

    @cached_property
    def json(self) -> Any:
        """The body as JSON of any type, or None where it is not JSON."""
        return _parsed(self.body)

    @property
    def object(self) -> dict[str, Any]:
        """The body as a JSON object; empty where it is anything else."""
        return self.json if isinstance(self.json, dict) else {}

    def header(self, name: str) -> str | None:
        """The first header of this name, whatever its case."""
        return _header(self.headers, name)

    @property
    def media_type(self) -> str:
        """The content type without parameters, in lower case; empty where absent."""
        return (self.header("content-type") or "").partition(";")[0].strip().lower()

    @property
    def is_html(self) -> bool:
        """Whether this is a web page, by its type or by its first characters."""
        start = self.text.lstrip()[:200].lower()
        return self.media_type == "text/html" or start.startswith(("<!doctype html", "<html"))


@dataclass(frozen=True)
class Failure:
    """Why there is no response: the kind, and the network's own words."""

    kind: FailureKind
    detail: str


@dataclass(frozen=True)
class Exchange:
    """One request and what became of it: a response, or a failure.

    `id` is the scenario's name and a number, `anthropic-plain#1`. `credential` is
    the role of the key that was sent (`valid`, `wrong`, `capped`, ...; empty for
    none). A `superseded` exchange was tried again and is evidence only. One that the lab
    got from the gateway is of the `upstream` side and names the `provider` that it stood
    for. Traffic that was recorded elsewhere says what it was `recognised` as and what it
    has `lost`.
    """

    id: str
    request: Request
    response: Response | None
    failure: Failure | None = None
    started_at: str = ""
    credential: str = ""
    superseded: bool = False
    side: Side = Side.CLIENT
    recognised: Kind | None = None
    lost: frozenset[Part] = frozenset()
    provider: str = ""

    @property
    def is_upstream(self) -> bool:
        """Whether the lab saw it: the gateway asked, and the answer is the suite's own."""
        return self.side is Side.UPSTREAM

    @property
    def was_left(self) -> bool:
        """Whether who asked went away before the answer had ended, or had begun."""
        if self.failure is not None:
            return self.failure.kind is FailureKind.LEFT
        return self.response is not None and self.response.ended is Ended.ABANDONED

    @property
    def status(self) -> int:
        """The HTTP status, 0 where there is no response."""
        return self.response.status if self.response else 0

    @property
    def answer(self) -> Response:
        """The response; only for exchanges that have one."""
        if self.response is None:
            raise ValueError(f"{self.id} has no response: {self.failure}")
        return self.response

    @cached_property
    def endpoint(self) -> Endpoint | None:
        """The endpoint that was asked; None where it is none of ours."""
        asked = self.request
        marks = (asked.header("anthropic-version"), asked.header("x-api-key"))
        return endpoint_of(asked.path, any(marks))

    @property
    def protocol(self) -> Protocol | None:
        """The protocol of the endpoint that was asked."""
        if self.recognised is not None:
            return _PROTOCOL_OF.get(self.recognised)
        return self.endpoint.protocol if self.endpoint else None

    @property
    def is_streamed(self) -> bool:
        """Whether a stream was asked for; told from the answer where the request cannot tell."""
        if self.recognised is not None:
            return self.recognised.endswith("stream")
        asked = self.request.json
        is_told = bool(asked) and isinstance(asked.get("stream"), bool | None)
        if is_told or self.response is None:
            return self.request.wants_stream
        return self.response.media_type == "text/event-stream"

    @cached_property
    def kind(self) -> Kind:
        """What this exchange is: its protocol, and stream, plain answer or error."""
        if self.recognised is not None:
            return self.recognised
        if self.endpoint is None or self.response is None or 300 <= self.status < 400:
            return Kind.OTHER
        if self.response.ended is Ended.ABANDONED or not self.request.is_http:
            return Kind.OTHER
        return self.endpoint.kind(self.status, self.is_streamed)

    @cached_property
    def worked_out(self) -> dict[str, Any]:
        """What readers found out about this exchange and keep for the next one."""
        return {}

    @cached_property
    def events(self) -> tuple[sse.Event, ...]:
        """The body decoded as server-sent events, as a client sees them."""
        if self.response is None:
            return ()
        return sse.decode((chunk.at_s, chunk.data) for chunk in self.response.chunks)

    @cached_property
    def blocks(self) -> tuple[sse.Block, ...]:
        """The body split into event blocks, every line kept."""
        return sse.scan(self.response.body) if self.response else ()


@dataclass(frozen=True)
class Recording:
    """What one scenario did, in order; evidence, never a judgement.

    `exchanges` are those of both sides; every other view but `upstream` is the client's.
    `facts` are named JSON values that the scenario took beside the traffic.
    `not_recorded` says why nothing was sent (`needs keys.capped`), else it is empty.
    """

    scenario: str
    exchanges: tuple[Exchange, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    not_recorded: str = ""

    @property
    def sent(self) -> tuple[Exchange, ...]:
        """What the suite sent to the gateway, all tries."""
        return tuple(exchange for exchange in self.exchanges if not exchange.is_upstream)

    @property
    def final(self) -> tuple[Exchange, ...]:
        """The exchanges with the gateway that were not tried again."""
        return tuple(exchange for exchange in self.sent if not exchange.superseded)

    @property
    def upstream(self) -> tuple[Exchange, ...]:
        """What the gateway sent to the lab, in the order in which the lab got it."""
        return tuple(exchange for exchange in self.exchanges if exchange.is_upstream)

    @property
    def last(self) -> Exchange:
        """The last exchange; only for recordings that have one."""
        return self.final[-1]

    def served(self, streamed: bool) -> tuple[Exchange, ...]:
        """The exchanges that were answered with 2xx: the streams, or the plain answers."""
        return tuple(e for e in self.final if 200 <= e.status < 300 and e.is_streamed is streamed)


@dataclass(frozen=True)
class Violation:
    """One place where an exchange breaks a requirement.

    `where` locates it inside the exchange (`events[3].data`, `usage.total_tokens`).
    `level` is that of the broken clause, None for the requirement's own.
    `exchange` is filled in by the judge unless the rule names another one.
    """

    where: str
    expected: str
    actual: str
    level: Level | None = None
    exchange: str = ""


@dataclass(frozen=True)
class Inconclusive:
    """The traffic does not allow a judgement."""

    reason: str


@dataclass(frozen=True)
class NotApplicable:
    """The target does not claim what is asked, or refuses an optional parameter."""

    reason: str


Finding = Violation | Inconclusive | NotApplicable
Findings = Iterator[Finding]


@dataclass(frozen=True)
class Verdict:
    """What the suite says about one requirement."""

    requirement: str
    level: Level
    outcome: Outcome
    reason: str = ""
    flags: tuple[str, ...] = ()
    violations: tuple[Violation, ...] = ()


_PROTOCOL_OF = {
    kind: protocol for kind in Kind for protocol in Protocol if kind.startswith(protocol)
}


def _header(headers: Headers, name: str) -> str | None:
    wanted = name.lower()
    return next((value for key, value in headers if key.lower() == wanted), None)


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
