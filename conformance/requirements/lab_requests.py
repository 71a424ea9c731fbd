"""GW-UP: the conversation, its tools, pictures and headers, as the upstream gets them."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator

from conformance.asked import calls, differences, texts
from conformance.asked.differences import ABSENT, Difference, shown
from conformance.asked.facts import NONE, Asked, Picture
from conformance.directions import UPSTREAM_MODEL, names
from conformance.kinds import Protocol
from conformance.model import (
    Exchange,
    Finding,
    Findings,
    Inconclusive,
    Level,
    NotApplicable,
    Recording,
    Violation,
)
from conformance.passages import UNSEEN, Passage, compared, passages
from conformance.registry import requirement
from conformance.requirements.lab_passage import PASSAGES, SERVED

ANTHROPIC, OPENAI = (Protocol.ANTHROPIC,), (Protocol.OPENAI,)
CONVERSATIONS = names("conversation")
FUNCTION_CALLS = names("function-call", OPENAI)
PREFILLS = names("prefill")
PICTURES = (*names("picture"), *names("picture-url"), *names("picture-returned", ANTHROPIC))
PASSED = (*names("headers", ANTHROPIC, ANTHROPIC), *names("unknown-field", ANTHROPIC, ANTHROPIC))
COUNT = names("count", ANTHROPIC, ANTHROPIC)
STRICT = names("strict", upstreams=OPENAI)
SWAPPED = names("swapped")

_NAMING = ("x-app", "x-claude-code-session-id")
"""Header fields that name a client's program and its session."""
_KNOWN = ("model", "messages", "max_tokens", "stream")


@requirement("GW-UP-007", on=PASSED, symptom="input-dropped", needs=(SERVED,))
def what_is_new_is_passed_on(recording: Recording) -> Findings:
    """Betas, the version and unknown fields reach an upstream of the same protocol."""
    yield from compared(recording, _passed, may_be_refused=True)


def _passed(passage: Passage) -> Iterator[Finding]:
    client, sent = passage.client.request, passage.sent.request
    mine, theirs = (request.header("anthropic-beta") or "" for request in (client, sent))
    if missing := _betas(mine) - _betas(theirs):
        yield _header("anthropic-beta", ", ".join(sorted(missing)), theirs, passage.sent)
    for name, level in (("anthropic-version", None), *((name, Level.MAY) for name in _NAMING)):
        expected, actual = client.header(name), sent.header(name)
        if expected and actual != expected:
            yield _header(name, expected, actual or ABSENT, passage.sent, level)
    for name in client.json.keys() - set(_KNOWN):
        for difference in differences.of_values(client.json[name], sent.json.get(name), name):
            yield passage.violation(difference)


def _betas(value: str) -> set[str]:
    return {beta.strip() for beta in value.split(",") if beta.strip()}


def _header(
    name: str, expected: str, actual: str, sent: Exchange, level: Level | None = None
) -> Violation:
    return Violation(f"request.headers.{name}", expected, actual, level, sent.id)


@requirement("GW-UP-018", on=(*CONVERSATIONS, *PREFILLS), symptom="input-dropped", needs=(SERVED,))
def the_conversation_arrives_whole(recording: Recording) -> Findings:
    """Every text of the system and of the conversation arrives unchanged and in order."""
    may_be_refused = recording.scenario in PREFILLS
    yield from compared(recording, _texts, may_be_refused=may_be_refused)


def _texts(passage: Passage) -> Iterator[Finding]:
    yield from map(passage.violation, texts.of_texts(passage.asked, passage.got))


@requirement("GW-UP-019", on=(*CONVERSATIONS, *PASSAGES), symptom="input-dropped", needs=(SERVED,))
def tools_arrive_whole(recording: Recording) -> Findings:
    """Names, descriptions, schemas, `strict` and the choice among the tools arrive.

    Across protocols `strict` is a SHOULD; where no call is wanted, no tools need to go on.
    """
    yield from compared(recording, _tools)


def _tools(passage: Passage) -> Iterator[Finding]:
    asked, got = passage.asked, passage.got
    if not asked.tools or (asked.choice == NONE and not got.tools):
        return
    yield from map(passage.violation, differences.of_tools(asked, got))
    if got.choice != asked.choice:
        yield passage.violation(Difference("tool_choice", asked.choice, got.choice))
    if got.is_parallel is not asked.is_parallel:
        where = "tool_choice" if passage.is_onto_anthropic else "parallel_tool_calls"
        said = {True: "calls may be parallel", False: "one call at a time"}
        yield passage.violation(Difference(where, said[asked.is_parallel], said[got.is_parallel]))
    for difference in _strictness(asked, got):
        yield passage.violation(difference, Level.SHOULD if passage.is_translated else None)


def _strictness(asked: Asked, got: Asked) -> Iterator[Difference]:
    theirs = {tool.name: tool for tool in got.tools}
    for mine in asked.tools:
        found = theirs.get(mine.name)
        if found and mine.is_strict and not found.is_strict:
            yield Difference(f"{found.where}.strict", "true", "false or absent")


@requirement(
    "GW-UP-020", on=(*CONVERSATIONS, *FUNCTION_CALLS), symptom="input-dropped", needs=(SERVED,)
)
def calls_and_results_arrive_whole(recording: Recording) -> Findings:
    """Calls and results arrive whole, with ids that match; that one failed is told (SHOULD)."""
    may_be_refused = recording.scenario in FUNCTION_CALLS
    yield from compared(recording, _calls, may_be_refused=may_be_refused)


def _calls(passage: Passage) -> Iterator[Finding]:
    asked, got = passage.asked, passage.got
    for finder in (calls.of_calls, calls.of_results):
        yield from map(passage.violation, finder(asked, got))
    yield from map(passage.violation, calls.of_order(got))
    for difference in calls.of_errors(asked, got):
        yield passage.violation(difference, Level.SHOULD)


@requirement("GW-UP-021", on=PICTURES, symptom="input-dropped", needs=(SERVED,))
def pictures_arrive_as_pictures(recording: Recording) -> Findings:
    """A picture arrives with its bytes; one behind a URL stays behind it (SHOULD)."""
    yield from compared(recording, _pictures, may_be_refused=True)


def _pictures(passage: Passage) -> Iterator[Finding]:
    mine, theirs = passage.asked.of(Picture), passage.got.of(Picture)
    if len(theirs) != len(mine):
        found = f"{len(theirs)} pictures"
        yield passage.violation(Difference("messages", f"{len(mine)} pictures", found))
        return
    for expected, actual in zip(mine, theirs, strict=True):
        yield from _picture(passage, expected, actual)


def _picture(passage: Passage, mine: Picture, theirs: Picture) -> Iterator[Finding]:
    if mine.url:
        if theirs.url != mine.url:
            level = Level.SHOULD if theirs.data else None
            yield passage.violation(Difference(theirs.where, mine.url, _said(theirs)), level)
    elif _bytes(theirs) != _bytes(mine) or theirs.media_type != mine.media_type:
        yield passage.violation(Difference(theirs.where, _said(mine), _said(theirs)))


def _said(picture: Picture) -> str:
    if picture.url:
        return f"the URL {shown(picture.url)}"
    return f"{len(_bytes(picture))} bytes of {picture.media_type or 'no type'}"


def _bytes(picture: Picture) -> bytes:
    try:
        return base64.b64decode(picture.data, validate=True)
    except (binascii.Error, ValueError):
        return b""


@requirement(
    "GW-UP-026",
    on=(*PASSAGES, *CONVERSATIONS, *COUNT, *SWAPPED),
    symptom="model-swapped",
    needs=(SERVED,),
)
def the_configured_model_is_asked(recording: Recording) -> Findings:
    """Every request upstream names the provider's model, and streams as the client does (SHOULD).

    A gateway may count tokens itself, and need not fall back here.
    """
    found = passages(recording)
    for passage in found:
        for sent in passage.upstream:
            model = sent.request.json.get("model")
            if model != UPSTREAM_MODEL:
                actual = shown(model)
                yield Violation("request.body.model", UPSTREAM_MODEL, actual, exchange=sent.id)
            if sent.request.wants_stream is not passage.client.request.wants_stream:
                expected = str(passage.client.request.wants_stream).lower()
                actual = str(sent.request.json.get("stream")).lower()
                where = "request.body.stream"
                yield Violation(where, expected, actual, Level.SHOULD, sent.id)
    if not recording.upstream:
        yield _unasked(recording)


def _unasked(recording: Recording) -> Finding:
    if recording.scenario in COUNT:
        return NotApplicable("the gateway counts tokens itself")
    return Inconclusive(UNSEEN)


@requirement("GW-UP-027", on=STRICT, symptom="feature-refused", needs=(SERVED,))
def an_upstream_without_the_field_is_served_too(recording: Recording) -> Findings:
    """What the gateway added is left out for an upstream that refuses it."""
    first = next(iter(recording.upstream), None)
    client = recording.last
    if first is None:
        yield Inconclusive(UNSEEN)
    elif "stream_options" in first.request.json and client.status != 200:
        words = " ".join(client.answer.text.split())[:160]
        yield Violation("status", "200, without stream_options", f"{client.status}: {words}")
    elif "stream_options" in recording.upstream[-1].request.json:
        where, last = "request.body.stream_options", recording.upstream[-1].id
        yield Violation(where, "absent once it was refused", "sent again", exchange=last)
