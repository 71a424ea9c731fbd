"""Reading steps: what a step may say, field by field; a complaint names what is known."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from reference_gateway.fields import Field
from reference_gateway.lab import values
from reference_gateway.lab.edits import EDITS
from reference_gateway.lab.steps import (
    Call,
    Content,
    Cut,
    Failure,
    Manner,
    Part,
    Silence,
    Step,
)


def read_step(field: Field) -> Step:
    """One step; raises `InvalidRequest` for what no step has."""
    said = values.members(field, _STEP)
    if "body_base64" in said:
        if "body" in said:
            raise field.get("body_base64").refuse("must not be given together with body")
        said["body"] = said.pop("body_base64")
    wanted = field.get("stream")
    if not (wanted.is_absent or wanted.get("fragments").is_absent):
        said["answer"] = _fragmented(said.get("answer", Content()), wanted.get("fragments"))
    if "body" in said and "answer" in said:
        raise field.get("answer").refuse("must not be given together with body")
    return Step(**said)


def read_steps(field: Field) -> tuple[Step, ...]:
    """Steps in order; absent is none."""
    return () if field.is_absent else tuple(read_step(step) for step in field.items())


def read_script(field: Field) -> tuple[tuple[Step, ...], dict[str, tuple[Step, ...]]]:
    """The steps for any provider, and those for each by its name."""
    values.check_names(field, ("steps", "by_provider"))
    by_provider = field.get("by_provider")
    names = {} if by_provider.is_absent else by_provider.object()
    return read_steps(field.get("steps")), {
        name: read_steps(by_provider.get(name)) for name in names
    }


def _joined(field: Field, name: str, said: dict[str, Any]) -> dict[str, Any]:
    """Fragments are the text itself where it is not given, and have to be it where it is."""
    if said.get("fragments"):
        text = "".join(said["fragments"])
        if said.setdefault(name, text) != text:
            raise field.get("fragments").refuse(f"joined, they must be {name}")
    return said


def _call(field: Field) -> Call:
    field.get("name").text()
    return Call(**_joined(field, "arguments", values.members(field, _CALL)))


def _part(field: Field) -> Part:
    return Part(**_joined(field, "text", values.members(field, _PART)))


def _answer(field: Field) -> Content:
    """What an answer says: the keys of one part stand beside `parts`, or in their place."""
    said = values.members(field, {**_PART, "parts": values.each(_part), **_CONTENT})
    alone = _joined(field, "text", {name: said.pop(name) for name in _PART if name in said})
    if alone and "parts" in said:
        raise field.get("parts").refuse(f"must not be given together with {', '.join(alone)}")
    if alone:
        said["parts"] = (Part(**alone),)
    return Content(**said)


def _cut(field: Field) -> Cut:
    cut = values.reader(
        Cut, {"after_events": values.count, "after_bytes": values.count, "how": _HOW}
    )(field)
    if (cut.after_events is None) == (cut.after_bytes is None):
        raise field.refuse("needs after_events or after_bytes, and not both")
    return cut


def _manner(field: Field) -> Manner:
    """How the body comes; its fragments belong to what the answer says."""
    said = values.members(field, _MANNER)
    said.pop("fragments", None)
    return Manner(**said)


def _fragmented(answer: Content, field: Field) -> Content:
    """The answer with these fragments as its only text."""
    texts = values.texts(field)
    spoken = [part for part in answer.parts if part.text is not None] or [Part(text="".join(texts))]
    if len(spoken) > 1 or spoken[0].text != "".join(texts):
        raise field.refuse("joined, they must be the only text of the answer")
    fragmented = replace(spoken[0], fragments=texts)
    if spoken[0] not in answer.parts:
        return replace(answer, parts=(*answer.parts, fragmented))
    parts = (fragmented if part is spoken[0] else part for part in answer.parts)
    return replace(answer, parts=tuple(parts))


def _edits(field: Field) -> tuple[str, ...]:
    return tuple(edit.word(tuple(EDITS)) for edit in field.items())


_HOW = values.word("close", "reset", "clean")
_CALL: dict[str, values.Read] = {
    "name": Field.text,
    "arguments": Field.text,
    "id": Field.text,
    "fragments": values.texts,
}
_PART: dict[str, values.Read] = {
    "text": Field.text,
    "thinking": Field.text,
    "signature": Field.text,
    "redacted": Field.text,
    "calls": values.each(_call),
    "fragments": values.texts,
}
_CONTENT: dict[str, values.Read] = {
    "stop": Field.text,
    "stop_sequence": Field.text,
    "usage": values.nullable,
    "model": Field.text,
    "id": Field.text,
    "refusal": Field.text,
}
_MANNER: dict[str, values.Read] = {
    "first_event_s": values.seconds,
    "between_s": values.seconds,
    "silence": values.reader(Silence, {"after_events": values.count, "for_s": values.seconds}),
    "ping_every_s": values.interval,
    "fragments": values.texts,
    "bytes_per_write": values.positive,
    "between_writes_s": values.seconds,
    "close_after_s": values.seconds,
    "cut": _cut,
    "error": values.reader(Failure, {"after_events": values.count, "body": Field.object}),
    "edits": _edits,
    "raw": Field.text,
}
_STEP: dict[str, values.Read] = {
    "wait_s": values.seconds,
    "close": values.word("close", "reset"),
    "status": values.status,
    "headers": values.headers,
    "body": values.body,
    "body_base64": values.decoded,
    "answer": _answer,
    "stream": _manner,
}
