"""GW-SAFE-001 to -003: whatever is sent, the gateway answers like a gateway and goes on."""

from __future__ import annotations

import re
from collections.abc import Iterator

from conformance.kinds import Kind
from conformance.model import (
    Ended,
    Exchange,
    FailureKind,
    Findings,
    Inconclusive,
    Level,
    Recording,
    Violation,
)
from conformance.redaction import credentials_in
from conformance.registry import requirement
from conformance.shapes import matches

_ABUSED = ("anthropic-abuse", "openai-abuse")
_STALLED = ("anthropic-stalled-body", "openai-stalled-body")
_LARGE = ("anthropic-val-053", "oversized-chat")
_ENVELOPE = {"anthropic-abuse": "ANT-ERR-001", "openai-abuse": "OAI-ERR-001"}
_INTERNALS = {
    "a Python traceback": re.compile(
        r"Traceback \(most recent call last\)|File \"[^\"]+\", line \d"
    ),
    "a stack trace": re.compile(r"\n\s+at [\w.$<>]+ ?\(|goroutine \d+ \[|panicked at "),
    "a path of the server": re.compile(
        r"(?:/usr/(?:lib|local)|/app|/home|/opt|/var)/[\w.-]+/[\w./-]+"
    ),
    "an installed library": re.compile(r"site-packages|node_modules|\.cargo/registry"),
    "the name of an environment variable": re.compile(
        r"\b[A-Z][A-Z0-9]+_(?:API_KEY|SECRET|TOKEN|PASSWORD|MASTER_KEY)\b"
    ),
    "a private address": re.compile(
        r"\b(?:10\.\d+\.\d+\.\d+|192\.168\.\d+\.\d+|172\.(?:1[6-9]|2\d|3[01])\.\d+\.\d+)\b"
    ),
    "the address of a database": re.compile(r"\b(?:postgres(?:ql)?|mysql|redis|mongodb)://"),
}
"""What a reply must not show, by what it is."""


@requirement(
    "GW-SAFE-001",
    on=(*_ABUSED, *_STALLED),
    symptom="crash-on-input",
    needs=("ANT-EP-001", "OAI-HTTP-001"),
    judges_silence=True,
    expects_429=True,
    facts=("sent", "no_http"),
)
def no_request_breaks_the_gateway(recording: Recording) -> Findings:
    """No request makes a 5xx, a hang or a dropped connection, and the next one is served."""
    sent: dict[str, str] = recording.facts["sent"]
    # How long the rest of a body is waited for is the gateway's own choice.
    patience = Level.SHOULD if recording.scenario in _STALLED else None
    for exchange in recording.final:
        name = sent.get(exchange.id)
        if name is not None:
            yield from _survived(exchange, name, set(recording.facts["no_http"]), patience)
    last = recording.last
    if not 200 <= last.status < 300:
        found = str(last.status or (last.failure.detail if last.failure else "no answer"))
        yield Violation("status", "a sound request is served afterwards", found, exchange=last.id)


def _survived(
    exchange: Exchange, name: str, no_http: set[str], patience: Level | None
) -> Iterator[Violation]:
    wanted, id = "a 4xx", exchange.id
    if exchange.response is None:
        failure = exchange.failure
        hung = failure is not None and failure.kind is FailureKind.TIMEOUT
        if hung or exchange.id not in no_http:
            detail = failure.detail if failure else "no answer"
            level = patience if hung else None
            yield Violation("response", wanted, f"{detail}, to {name}", level, id)
    elif exchange.status >= 500:
        yield Violation("status", wanted, f"{exchange.status} to {name}", exchange=id)
    elif exchange.answer.ended is Ended.SILENT:
        actual = f"{exchange.status}, and then silence, to {name}"
        yield Violation("response", "a complete answer", actual, exchange=id)


@requirement(
    "GW-SAFE-002",
    on=_ABUSED,
    symptom="internals-shown",
    needs=("ANT-EP-001", "OAI-HTTP-001"),
    judges_silence=True,
    expects_429=True,
    facts=("sent", "no_http"),
)
def errors_show_nothing_of_the_inside(recording: Recording) -> Findings:
    """Every error is in the protocol's envelope; none shows a trace, a path, a secret or a host."""
    no_http: set[str] = set(recording.facts["no_http"])
    for exchange in recording.final:
        name = recording.facts["sent"].get(exchange.id, "a sound request")
        if exchange.response is None or exchange.status < 400:
            continue
        yield from _shown(exchange, name)
        shape = _ENVELOPE[recording.scenario]
        if exchange.id not in no_http and not matches(exchange.answer.json, shape):
            start = " ".join(exchange.answer.text.split())[:100] or "an empty body"
            actual = f"{exchange.status} to {name}: {start}"
            yield Violation("body", "the protocol's error envelope", actual, exchange=exchange.id)


def _shown(exchange: Exchange, name: str) -> Iterator[Violation]:
    answer = exchange.answer
    texts = [answer.text, *(value for _, value in answer.headers)]
    # What the request itself said may be said back.
    asked = exchange.request.body.decode("utf-8", errors="replace")
    for what, pattern in _INTERNALS.items():
        found = next((m[0] for text in texts for m in pattern.finditer(text)), "")
        if found and found not in asked:
            actual = f"{what}, to {name}: {found[:60]}"
            yield Violation("answer", "nothing of the inside", actual, exchange=exchange.id)
    for role, part in credentials_in(texts):
        if part == "whole":
            actual = f"the {role} key, whole, to {name}"
            yield Violation("answer", "nothing of the inside", actual, exchange=exchange.id)


@requirement(
    "GW-SAFE-003",
    on=_LARGE,
    symptom="crash-on-input",
    needs=("ANT-EP-001", "OAI-HTTP-001"),
    judges_silence=True,
)
def oversized_bodies_are_refused(recording: Recording) -> Findings:
    """A body over the size limit gets 413, and a sound request is served afterwards."""
    large, after = recording.final[0], recording.last
    if large.response is None:
        detail = large.failure.detail if large.failure else "no answer"
        yield Violation("response", "413", detail, exchange=large.id)
    elif 200 <= large.status < 300:
        yield Inconclusive("the gateway takes bodies of that size")
    elif large.status not in (400, 413):
        yield Violation("status", "413", str(large.status), exchange=large.id)
    elif large.status != 413:
        yield Violation("status", "413", str(large.status), Level.SHOULD, large.id)
    elif large.kind is Kind.ANTHROPIC_ERROR and "request_too_large" not in large.answer.text:
        yield Violation(
            "body.error.type", "request_too_large", large.answer.text[:80], None, large.id
        )
    if not 200 <= after.status < 300:
        found = str(after.status or (after.failure.detail if after.failure else "no answer"))
        yield Violation("status", "a sound request is served afterwards", found, exchange=after.id)
