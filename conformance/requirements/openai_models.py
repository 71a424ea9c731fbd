"""OAI-MODELS: the model list, and its entries one by one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.kinds import Kind
from conformance.model import Exchange, Findings, Level, NotApplicable, Recording, Violation
from conformance.registry import requirement

LISTED = ("OAI-MODELS-001",)


def entries(exchange: Exchange) -> list[Any]:
    """The entries of a model list."""
    found = exchange.answer.object.get("data")
    return found if isinstance(found, list) else []


@requirement("OAI-MODELS-001", on="openai-models", symptom="models-unlisted")
def models_are_listed(recording: Recording) -> Findings:
    """`GET /models` is answered with 200 and a list in `data`."""
    last = recording.last
    if last.status != 200:
        yield Violation("status", "200", str(last.status))
    elif not isinstance(last.answer.object.get("data"), list):
        yield Violation("body.data", "a list", last.answer.text[:80].strip() or "nothing")
    elif last.answer.object.get("object") != "list":
        yield Violation("body.object", "list", str(last.answer.object.get("object")))


@requirement("OAI-MODELS-002", on=Kind.OPENAI_MODEL_LIST, symptom="models-unlisted", needs=LISTED)
def entries_have_an_id_of_their_own(exchange: Exchange) -> Findings:
    """Every entry has a non-empty `id` of its own, and says what it is."""
    seen: set[str] = set()
    for index, entry in enumerate(entries(exchange)):
        where = f"body.data[{index}]"
        if not isinstance(entry, dict):
            yield Violation(where, "an object", str(entry)[:80])
            continue
        id = entry.get("id")
        if not isinstance(id, str) or not id:
            yield Violation(f"{where}.id", "a non-empty string", repr(id))
        elif id in seen:
            yield Violation(f"{where}.id", "an id of its own", f"{id} again")
        else:
            seen.add(id)
        yield from _described(where, entry)


def _described(where: str, entry: dict[str, Any]) -> Iterator[Violation]:
    """What is a SHOULD of every entry: one vendor has neither `object` nor `owned_by`."""
    if entry.get("object") != "model":
        yield Violation(f"{where}.object", "model", repr(entry.get("object")), Level.SHOULD)
    created = entry.get("created")
    if not isinstance(created, int) or isinstance(created, bool):
        yield Violation(f"{where}.created", "an integer", repr(created), Level.SHOULD)
    if not isinstance(entry.get("owned_by"), str):
        found = repr(entry.get("owned_by"))
        yield Violation(f"{where}.owned_by", "a string", found, Level.SHOULD)


@requirement(
    "OAI-MODELS-003", on="openai-models", symptom="models-unlisted", needs=("OAI-MODELS-002",)
)
def the_model_under_test_is_listed(recording: Recording) -> Findings:
    """The model under test is listed, by its bare or its prefixed id."""
    asked = str(recording.facts.get("model", "")).rpartition("/")[2]
    ids = {str(e.get("id")) for e in entries(recording.last) if isinstance(e, dict)}
    if asked and asked not in {id.rpartition("/")[2] for id in ids}:
        yield Violation("body.data", f"an entry for {asked}", f"{len(ids)} others")


@requirement(
    "OAI-MODELS-004",
    on=("openai-model", "openai-model-with-slash", "openai-model-unknown"),
    symptom="models-unlisted",
    needs=("OAI-MODELS-002",),
)
def models_are_shown_one_by_one(recording: Recording) -> Findings:
    """`GET /models/{id}` gives the entry of the list; an unknown id is a 404."""
    if recording.scenario == "openai-model-unknown":
        yield from _unknown(recording.last)
    elif len(recording.final) == 1:
        yield NotApplicable("no listed id holds a slash")
    else:
        yield from _shown(recording)


def _unknown(last: Exchange) -> Findings:
    if last.status != 404:
        yield Violation("status", "404", str(last.status))
        return
    error = last.answer.object.get("error")
    code = error.get("code") if isinstance(error, dict) else None
    if code != "model_not_found":
        yield Violation("body.error.code", "model_not_found", str(code))


def _shown(recording: Recording) -> Findings:
    """The same entry as in the list, by whichever spelling of its id."""
    listed = {e["id"]: e for e in entries(recording.final[0]) if isinstance(e, dict) and "id" in e}
    for exchange in recording.final[1:]:
        found = exchange.answer.object
        if exchange.status != 200:
            yield Violation("status", "200", str(exchange.status), exchange=exchange.id)
        elif found.get("id") not in listed:
            actual = str(found.get("id"))
            yield Violation("body.id", "an id of the list", actual, exchange=exchange.id)
        else:
            yield from _unlike(exchange, listed[found["id"]])


def _unlike(exchange: Exchange, listed: dict[str, Any]) -> Findings:
    for key in ("object", "created", "owned_by"):
        found = exchange.answer.object.get(key)
        if found != listed.get(key):
            expected = f"{listed.get(key)!r}, as in the list"
            yield Violation(f"body.{key}", expected, repr(found), exchange=exchange.id)
