"""OAI-PARAM, the formats of an answer: JSON, JSON after a schema, likelihoods."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from conformance import chat
from conformance.kinds import Kind
from conformance.model import Exchange, Finding, Findings, Inconclusive, Recording, Violation
from conformance.registry import requirement
from conformance.requirements.openai import SHAPED
from conformance.requirements.openai_histories import SPOKEN, not_accepted
from conformance.requirements.openai_sse import READABLE
from conformance.requirements.openai_tools import is_cut
from conformance.shapes import mismatches, schema_mismatches

COMPLETION = Kind.OPENAI_COMPLETION
STREAM = Kind.OPENAI_STREAM
WHOLE_TEXT = (*READABLE, "OAI-STREAM-009", "OAI-STREAM-011")
_CONTENT = "body.choices[0].message.content"
_HIGHEST = 0.001
"""Rounding makes some log probabilities slightly positive: 3e-05 is recorded."""


@requirement(
    "OAI-PARAM-011",
    on="openai-json-object",
    symptom="feature-dropped",
    needs=SPOKEN,
)
def json_mode_gives_an_object(recording: Recording) -> Findings:
    """`json_object` makes the content one JSON object, without a code fence."""
    exchange = recording.last
    if exchange.status != 200:
        yield from not_accepted(recording, "response_format json_object")
    elif is_cut(exchange):
        yield Inconclusive("the answer was cut before it could be judged")
    elif not isinstance(chat.parsed(chat.text(exchange)), dict):
        yield Violation(_CONTENT, "one JSON object", chat.text(exchange)[:80])


@requirement(
    "OAI-PARAM-012",
    on="openai-json-schema",
    symptom="feature-dropped",
    needs=(*SPOKEN, *WHOLE_TEXT),
)
def strict_schemas_are_kept(recording: Recording) -> Findings:
    """A strict `json_schema` makes the content valid against it, streamed or not."""
    answers = (*recording.served(streamed=False), *recording.served(streamed=True))
    if not answers:
        yield from not_accepted(recording, "response_format json_schema")
    for exchange in answers:
        if is_cut(exchange) or _refuses(exchange):
            yield Inconclusive("the answer was cut or refused")
            continue
        yield from _invalid(exchange)


def _refuses(exchange: Exchange) -> bool:
    deltas = [delta for _, _, delta in chat.deltas(exchange)] if exchange.is_streamed else []
    return any(said.get("refusal") for said in deltas or map(chat.message, chat.choices(exchange)))


def _invalid(exchange: Exchange) -> Iterator[Finding]:
    where = "events[].data.choices[0].delta.content" if exchange.is_streamed else _CONTENT
    text = chat.text(exchange)
    schema = exchange.request.json["response_format"]["json_schema"]["schema"]
    if chat.parsed(text) is None:
        yield Violation(where, "JSON after the schema", text[:80], exchange=exchange.id)
        return
    for found in schema_mismatches(chat.parsed(text), schema, where):
        yield Violation(found.where, found.expected, found.actual, exchange=exchange.id)


@dataclass(frozen=True)
class Likely:
    """The likelihoods of one choice: every entry with its place, and the text they are of."""

    where: str
    entries: list[tuple[str, Any]]
    text: str


def wants_logprobs(exchange: Exchange) -> bool:
    """Whether the request asked for likelihoods of a text that came."""
    return bool(exchange.request.json.get("logprobs")) and bool(chat.text(exchange))


@requirement(
    "OAI-PARAM-013",
    on=COMPLETION,
    when=wants_logprobs,
    symptom="feature-dropped",
    needs=(*SHAPED, "OAI-CHAT-007", "OAI-CHAT-008"),
)
def logprobs_are_of_the_text(exchange: Exchange) -> Findings:
    """`logprobs` has an entry for every token, and the tokens make up the content."""
    for number, choice in enumerate(chat.choices(exchange)):
        where = f"body.choices[{number}].logprobs.content"
        entries = list(_entries(choice, where))
        content = chat.message(choice).get("content")
        yield from _unlikely(exchange, Likely(where, entries, str(content or "")))


@requirement(
    "OAI-PARAM-014",
    on=STREAM,
    when=wants_logprobs,
    symptom="feature-dropped",
    needs=(*WHOLE_TEXT, "OAI-STREAM-006", "OAI-STREAM-012"),
)
def streamed_logprobs_are_of_the_text(exchange: Exchange) -> Findings:
    """Streamed `logprobs` have an entry for every token, and the tokens make up the text."""
    entries, texts = dict[Any, list[tuple[str, Any]]](), dict[Any, str]()
    for where, choice, delta in chat.deltas(exchange):
        index, place = choice.get("index"), where.removesuffix(".delta") + ".logprobs.content"
        entries.setdefault(index, []).extend(_entries(choice, place))
        texts[index] = texts.get(index, "") + str(delta.get("content") or "")
    for index, text in texts.items():
        where = f"events[].data.choices[{index}].logprobs.content"
        yield from _unlikely(exchange, Likely(where, entries[index], text))


def _entries(choice: dict[str, Any], where: str) -> Iterator[tuple[str, Any]]:
    found = chat.object_in(choice, "logprobs").get("content")
    for number, entry in enumerate(found if isinstance(found, list) else []):
        yield f"{where}[{number}]", entry


def _unlikely(exchange: Exchange, likely: Likely) -> Findings:
    """What is wrong with the likelihoods of one choice."""
    if not likely.entries:
        yield Violation(likely.where, "an entry for each token", "none")
        return
    misshapen = [m for place, e in likely.entries for m in mismatches(e, "OAI-PARAM-013", place)]
    yield from misshapen
    if misshapen:
        return
    most = exchange.request.json.get("top_logprobs") or 0
    for place, entry in likely.entries:
        if entry["logprob"] > _HIGHEST:
            yield Violation(f"{place}.logprob", f"at most {_HIGHEST}", json.dumps(entry["logprob"]))
        if len(entry.get("top_logprobs") or ()) > most:
            found = str(len(entry["top_logprobs"]))
            yield Violation(f"{place}.top_logprobs", f"at most {most} entries", found)
    if likely.text not in _joined([entry for _, entry in likely.entries]):
        expected = f"the tokens of {likely.text[:60]!r}"
        actual = repr("".join(entry["token"] for _, entry in likely.entries)[:60])
        yield Violation(likely.where, expected, actual)


def _joined(entries: list[dict[str, Any]]) -> tuple[str, ...]:
    """The text that the tokens make up, as they are written and by their bytes."""
    written = "".join(entry["token"] for entry in entries)
    sent = [entry.get("bytes") for entry in entries]
    if not all(isinstance(found, list) for found in sent):
        return (written,)
    joined = bytes(byte & 0xFF for found in sent for byte in found or ())
    return written, joined.decode(errors="replace")
