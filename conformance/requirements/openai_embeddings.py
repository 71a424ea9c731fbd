"""OAI-EMB: vectors for texts, as numbers and as base64."""

from __future__ import annotations

from collections.abc import Iterator

from conformance import embeddings
from conformance.kinds import Kind
from conformance.model import (
    Exchange,
    Findings,
    Inconclusive,
    Level,
    Part,
    Recording,
    Violation,
)
from conformance.profile import Profile
from conformance.registry import requirement
from conformance.requirements.errors import refused
from conformance.shapes import mismatches

EMBEDDINGS = Kind.OPENAI_EMBEDDINGS
ASKED = "openai-embeddings"
SHAPED = ("OAI-HTTP-001", "OAI-EMB-001")
_CLOSE = 1e-5


def wants_base64(exchange: Exchange) -> bool:
    """Whether base64 was asked for."""
    return embeddings.wants_base64(exchange)


def wants_numbers(exchange: Exchange) -> bool:
    """Whether numbers were asked for, or nothing in particular."""
    return not embeddings.wants_base64(exchange)


def not_served(recording: Recording) -> Iterator[Violation]:
    """The valid requests of a recording that were not answered with 200.

    A parameter that may be refused was left out in the request after it.
    """
    last_refused = recording.final[-1].status in (400, 422)
    for exchange in recording.final:
        if exchange.status not in (200, 400, 422) or (last_refused and exchange.status != 200):
            words = " ".join(exchange.answer.text.split())[:160]
            actual = f"{exchange.status}: {words}"
            yield Violation("status", "200 for a valid request", actual, exchange=exchange.id)


@requirement(
    "OAI-EMB-001",
    on=(EMBEDDINGS, ASKED),
    symptom="embeddings-unusable",
    needs=("OAI-HTTP-001",),
)
def an_embedding_has_its_envelope(subject: Exchange | Recording) -> Findings:
    """Embeddings come as a list of objects, with the model and the token counts."""
    if isinstance(subject, Recording):
        yield from not_served(subject)
        return
    yield from mismatches(subject.answer.json, "OAI-EMB-001")


@requirement(
    "OAI-EMB-002",
    on=(EMBEDDINGS, ASKED),
    symptom="embeddings-unusable",
    needs=SHAPED,
    reads=(Part.REQUEST,),
)
def every_input_has_its_entry(subject: Exchange | Recording) -> Findings:
    """Every input has one entry, numbered from 0 in the order of the inputs."""
    if isinstance(subject, Recording):
        yield from _swapped(subject)
        return
    wanted = list(range(embeddings.inputs(subject)))
    found = [entry.get("index") for entry in embeddings.entries(subject)]
    if found != wanted:
        yield Violation("body.data[].index", str(wanted), str(found))


def _swapped(recording: Recording) -> Findings:
    """Whether the first of several vectors is that of a later input."""
    pair = _pair(recording)
    if pair is None:
        yield Inconclusive("there are no two answers to compare")
        return
    several, alone = pair
    distances = [embeddings.distance(one, alone) for one in several]
    if min(distances[1:], default=distances[0]) < min(_CLOSE, distances[0]):
        nearest = distances.index(min(distances))
        expected = "the vector of the first input"
        where = "body.data[0].embedding"
        yield Violation(where, expected, f"it is in data[{nearest}]", exchange=recording.last.id)


def _pair(recording: Recording) -> tuple[list[list[float]], list[float]] | None:
    """The vectors of several inputs, and that of the first of them asked alone."""
    served = [e for e in recording.final if e.status == 200]
    if len(served) != 2:
        return None
    vectors = [
        [embeddings.vector(entry.get("embedding")) for entry in embeddings.entries(exchange)]
        for exchange in served
    ]
    several = [found for found in vectors[0] if found is not None]
    alone = vectors[1][0] if vectors[1] else None
    return (several, alone) if several and alone is not None else None


@requirement(
    "OAI-EMB-003",
    on=EMBEDDINGS,
    when=wants_base64,
    symptom="embeddings-unusable",
    needs=SHAPED,
    reads=(Part.REQUEST,),
)
def base64_is_little_endian_float32(exchange: Exchange) -> Findings:
    """Where base64 is asked for, `embedding` is the base64 of little-endian float32."""
    for number, entry in enumerate(embeddings.entries(exchange)):
        found, where = entry.get("embedding"), f"body.data[{number}].embedding"
        if not isinstance(found, str):
            yield Violation(where, "a string, as base64 was asked for", type(found).__name__)
        elif embeddings.unpacked(found) is None:
            yield Violation(where, "base64 of little-endian float32", f"{found[:40]}...")


@requirement(
    "OAI-EMB-004",
    on=EMBEDDINGS,
    when=wants_numbers,
    symptom="embeddings-unusable",
    needs=SHAPED,
    reads=(Part.REQUEST,),
)
def vectors_are_numbers_of_one_length(exchange: Exchange, profile: Profile) -> Findings:
    """Where no base64 is asked for, `embedding` is a list of numbers, all of one length."""
    # Perplexity answers base64 where nothing is said: a SHOULD for vendors.
    is_lenient = profile.kind == "vendor" and not exchange.request.json.get("encoding_format")
    level = Level.SHOULD if is_lenient else None
    lengths = set()
    for number, entry in enumerate(embeddings.entries(exchange)):
        found = embeddings.numbers(entry.get("embedding"))
        if found is not None:
            lengths.add(len(found))
        else:
            where, actual = f"body.data[{number}].embedding", type(entry.get("embedding")).__name__
            yield Violation(where, "a list of numbers", actual, level)
    if len(lengths) > 1:
        shown = ", ".join(map(str, sorted(lengths)))
        yield Violation("body.data[].embedding", "one length", shown, level)


@requirement(
    "OAI-EMB-005",
    on=ASKED,
    symptom="embeddings-unusable",
    needs=("OAI-EMB-002", "OAI-EMB-003", "OAI-EMB-004"),
)
def both_encodings_agree(recording: Recording) -> Findings:
    """The numbers and the base64 of the same input agree within 1e-5."""
    pair = _pair(recording)
    if pair is None:
        yield Inconclusive("there are no two answers to compare")
        return
    apart = embeddings.distance(pair[0][0], pair[1])
    if apart > _CLOSE:
        expected = "the numbers of the answer without base64, within 1e-5"
        where = "body.data[0].embedding"
        yield Violation(where, expected, f"{apart:g} apart", exchange=recording.last.id)


@requirement(
    "OAI-EMB-006",
    on=(ASKED, "openai-embeddings-unknown-model", "openai-embeddings-empty-input"),
    symptom="model-not-supported",
    needs=("OAI-EMB-001", "OAI-EMB-004", "OAI-VAL-007"),
)
def what_cannot_be_served_is_refused(recording: Recording, profile: Profile) -> Findings:
    """An unknown model, an empty input and dimensions that do not exist are refused."""
    last = recording.last
    if recording.scenario == ASKED:
        yield from _other_dimensions(recording)
    elif recording.scenario == "openai-embeddings-unknown-model":
        if last.status != 404:
            yield from refused(last, profile.expect["unknown_model"])
    elif last.status != 400:
        actual = f"{last.status}: the request was served" if last.status < 300 else str(last.status)
        yield Violation("status", "400 for an empty input", actual, Level.SHOULD, last.id)


def _other_dimensions(recording: Recording) -> Findings:
    for exchange in recording.final:
        wanted = exchange.request.json.get("dimensions")
        for number, entry in enumerate(embeddings.entries(exchange)):
            found = embeddings.vector(entry.get("embedding"))
            if wanted and exchange.status == 200 and found and len(found) != wanted:
                where, expected = f"body.data[{number}].embedding", f"{wanted} dimensions, or 400"
                yield Violation(where, expected, str(len(found)), Level.SHOULD, exchange.id)
