"""GW-UP: parameters, formats, thinking and cache marks, as the upstream gets them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from conformance import chat
from conformance.asked.differences import ABSENT, Difference, of_values, shown
from conformance.asked.facts import Asked, Mark, Thought, object_of
from conformance.directions import names
from conformance.kinds import Protocol
from conformance.model import Finding, Findings, Level, Recording
from conformance.passages import Passage, compared
from conformance.registry import requirement
from conformance.requirements.lab_passage import SERVED

ANTHROPIC, OPENAI = (Protocol.ANTHROPIC,), (Protocol.OPENAI,)
COMMON = names("parameters")
OWN = (*names("top-k", ANTHROPIC), *names("penalty", OPENAI), *names("choices", OPENAI))
SCHEMAS = names("schema")
EFFORTS = (*names("effort"), *names("thinking-budget", ANTHROPIC))
THOUGHTS = names("thoughts", ANTHROPIC, ANTHROPIC)
MARKS = names("marks", upstreams=ANTHROPIC)

_OF_ONE = ("top_k", "presence_penalty", "n")
"""Parameters for which the other protocol has no word."""


@requirement("GW-UP-022", on=(*COMMON, *OWN), symptom="input-dropped", needs=(SERVED,))
def parameters_arrive_with_their_values(recording: Recording) -> Findings:
    """Limits, sampling and stop sequences arrive; what has no word there is refused (SHOULD)."""
    yield from compared(recording, _parameters, may_be_refused=recording.scenario in OWN)


def _parameters(passage: Passage) -> Iterator[Finding]:
    theirs = passage.got.parameters
    for name, expected in passage.asked.parameters.items():
        if name in _OF_ONE and passage.is_translated:
            yield from _untranslated(passage, name, expected)
        elif _listed(name, theirs.get(name)) != _listed(name, expected):
            found = shown(theirs[name]) if name in theirs else ABSENT
            yield passage.violation(Difference(name, shown(expected), found))
    yield from _stops(passage)


def _untranslated(passage: Passage, name: str, expected: Any) -> Iterator[Finding]:
    is_there = passage.got.parameters.get(name) == expected
    if not is_there and not (name == "n" and len(chat.choices(passage.client)) == expected):
        wanted = f"{shown(expected)}, or a refusal of the request"
        yield passage.violation(Difference(name, wanted, ABSENT), Level.SHOULD)


def _stops(passage: Passage) -> Iterator[Finding]:
    """One stop sequence is a list of one: with Anthropic always, elsewhere where it was one."""
    mine, theirs = passage.asked.parameters.get("stop"), passage.got.parameters.get("stop")
    if isinstance(theirs, str) and (passage.is_onto_anthropic or isinstance(mine, list)):
        level = None if passage.is_onto_anthropic else Level.SHOULD
        yield passage.violation(Difference("stop", shown([theirs]), shown(theirs)), level)


def _listed(name: str, value: Any) -> Any:
    return [value] if name == "stop" and isinstance(value, str) else value


@requirement("GW-UP-023", on=SCHEMAS, symptom="input-dropped", needs=(SERVED,))
def the_schema_of_the_answer_arrives(recording: Recording) -> Findings:
    """A JSON schema that the answer is to follow arrives, and that it is binding.

    A gateway may say it as a tool that must be called. Across protocols `strict` is a SHOULD.
    """
    yield from compared(recording, _schema, may_be_refused=True)


def _schema(passage: Passage) -> Iterator[Finding]:
    mine, theirs = passage.asked.shape, passage.got.shape
    if mine is None or _is_forced_tool(passage.got, mine.schema):
        return
    if theirs is None:
        yield passage.violation(Difference("output format", shown(mine.schema), ABSENT))
        return
    yield from map(passage.violation, of_values(mine.schema, theirs.schema, theirs.where))
    if mine.is_strict and not theirs.is_strict:
        level = Level.SHOULD if passage.is_translated else None
        where = "response_format.json_schema.strict"
        yield passage.violation(Difference(where, "true", "false or absent"), level)


def _is_forced_tool(got: Asked, schema: Any) -> bool:
    return got.choice in ("any", *(f"tool {tool.name}" for tool in got.tools)) and any(
        not [*of_values(schema, tool.schema, "")] for tool in got.tools
    )


@requirement("GW-UP-024", on=(*EFFORTS, *THOUGHTS), symptom="input-dropped", needs=(SERVED,))
def thinking_arrives(recording: Recording) -> Findings:
    """The effort asked for arrives, and the history's thinking as it was, in its place.

    Across protocols some effort is a SHOULD, as their words for it differ.
    """
    yield from compared(recording, _thinking, may_be_refused=recording.scenario in EFFORTS)


def _thinking(passage: Passage) -> Iterator[Finding]:
    asked, got = passage.asked, passage.got
    if not passage.is_translated:
        for name in ("thinking", "effort"):
            mine, theirs = (one.effort.get(name) for one in (asked, got))
            yield from map(passage.violation, of_values(mine, theirs, name))
        yield from map(passage.violation, _thoughts(asked, got))
    elif asked.effort and not _is_thinking(got):
        expected = f"some effort for {shown(asked.effort)}, or a refusal"
        yield passage.violation(Difference("thinking", expected, ABSENT), Level.SHOULD)


def _is_thinking(got: Asked) -> bool:
    is_disabled = object_of(got.effort.get("thinking")).get("type") == "disabled"
    return bool(got.effort) and not is_disabled and got.effort.get("effort") != "none"


def _thoughts(asked: Asked, got: Asked) -> Iterator[Difference]:
    """Blocks that were changed, left out or made up, or stand among other parts than before."""
    mine, theirs = ([thought.block for thought in one.of(Thought)] for one in (asked, got))
    found = [*of_values(mine, theirs, "thinking blocks")]
    yield from found
    if not found and mine and _order(asked) != _order(got):
        yield Difference("messages", " ".join(_order(asked)), " ".join(_order(got)))


def _order(asked: Asked) -> list[str]:
    """The kinds of parts in the conversation; those of a kind that follow each other are one."""
    parts = (part for part in asked.parts if part not in asked.said_by("system"))
    return [kind for kind, _ in groupby(type(part).__name__.lower() for part in parts)]


@requirement("GW-UP-025", on=MARKS, symptom="input-dropped", needs=(SERVED,))
def cache_marks_arrive_where_they_stood(recording: Recording) -> Findings:
    """A `cache_control` stands upstream on the same text or tool as before."""
    yield from compared(recording, _marks, may_be_refused=True)


def _marks(passage: Passage) -> Iterator[Finding]:
    theirs = [_identity(mark) for mark in passage.got.marks]
    for mark in passage.asked.marks:
        if _identity(mark) not in theirs:
            expected = f"{shown(mark.value)} on {shown(mark.holder)}"
            actual = f"{len(theirs)} marks, none of them this one"
            yield passage.violation(Difference(mark.section, expected, actual))


def _identity(mark: Mark) -> tuple[str, str, str]:
    value = {"ttl": "5m", **object_of(mark.value)}
    return mark.section, mark.holder.strip(), shown(dict(sorted(value.items())))
