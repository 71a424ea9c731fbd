"""GW-SSE-007, GW-UP-037, -038 and -044: clients that leave, as seen from the upstream."""

from __future__ import annotations

from conformance import chat
from conformance.directions import names, same
from conformance.model import Ended, Exchange, Findings, Inconclusive, Recording, Violation
from conformance.passages import UNSEEN
from conformance.registry import requirement
from conformance.requirements.lab_passage import SERVED
from conformance.requirements.money import DROPPED, charges_of, is_served
from conformance.sse import DONE

_LEFT = names("left")


@requirement(
    "GW-SSE-007",
    on=(*DROPPED, *_LEFT),
    symptom="upstream-not-stopped",
    needs=("GW-CAP-011", "ANT-STR-001", "OAI-STREAM-027", SERVED),
    judges_silence=True,
    expects_429=True,
)
def a_client_that_leaves_stops_the_model(recording: Recording) -> Findings:
    """A client that goes away stops the upstream call: the rest is not produced, nor charged.

    With the lab behind, the end of the upstream call itself is seen; without it, the charge
    tells how much was produced.
    """
    exchange = recording.final[0]
    if not is_served(exchange):
        yield Inconclusive("the stream was not served")
    elif _is_whole(exchange):
        yield Inconclusive("the stream was complete before the client could leave")
    elif "marks" in recording.facts:
        yield from _read_on(exchange, _sent_for(recording, "stream")[:1])
    else:
        yield from _charged_on(recording, exchange)


def _is_whole(exchange: Exchange) -> bool:
    return any(event.type == "message_stop" or event.data == DONE for event in exchange.events)


def _read_on(client: Exchange, sent: tuple[Exchange, ...]) -> Findings:
    """Upstream calls that went on when their client had left."""
    if not sent:
        yield Inconclusive(UNSEEN)
    for exchange in sent:
        answer = exchange.response
        if answer is None or (exchange.was_left and not _is_whole(exchange)):
            continue
        if answer.ended is not Ended.SILENT and client.answer.ended_at_s >= answer.ended_at_s:
            yield Inconclusive("the upstream had finished before the client could leave")
            continue
        is_open = answer.ended is Ended.SILENT
        after_s = client.answer.ended_at_s
        actual = "still read" if is_open else f"read to its end, {answer.ended_at_s:.2f} s"
        expected = f"broken off when the client left, after {after_s:.2f} s"
        yield Violation("response", expected, actual, exchange=exchange.id)


def _charged_on(recording: Recording, exchange: Exchange) -> Findings:
    """A charge for all that could have been produced."""
    if "charges" not in recording.facts:
        yield Inconclusive("the control adapter does not list charges")
        return
    counted = [row["usage"].get("output_tokens") for row in charges_of(recording, exchange)]
    found = next((count for count in counted if isinstance(count, int)), None)
    budget = chat.budget(exchange) or 0
    if found is None:
        yield Inconclusive("the charge does not tell its tokens")
    elif found >= budget:
        actual = f"{budget} output tokens charged, the whole budget"
        yield Violation("charge", "what was produced before the client left", actual)


@requirement(
    "GW-UP-037",
    on=_LEFT,
    symptom="upstream-not-stopped",
    needs=(SERVED,),
    judges_silence=True,
    expects_429=True,
    facts=("marks",),
)
def who_leaves_is_left_alone(recording: Recording) -> Findings:
    """A client that goes away causes no further request upstream; its next one is served."""
    *_, last = recording.final
    if not recording.upstream:
        yield Inconclusive(UNSEEN)
    for name in ("stream", "plain"):
        for exchange in _sent_for(recording, name)[1:]:
            actual = f"another request, to {exchange.provider}, for the {name} answer"
            expected = "no more requests once the client has left"
            yield Violation("request", expected, actual, exchange=exchange.id)
    if not 200 <= last.status < 300:
        expected = "200, whoever left before"
        yield Violation("status", expected, _status(last), exchange=last.id)


def _sent_for(recording: Recording, name: str) -> tuple[Exchange, ...]:
    """What came upstream with one of the scenario's marks."""
    mark = str(recording.facts["marks"][name]).encode()
    return tuple(e for e in recording.upstream if mark in e.request.body)


def _status(exchange: Exchange) -> str:
    if exchange.response is None:
        return f"no answer: {exchange.failure.detail if exchange.failure else ''}"
    return f"{exchange.status}: {' '.join(exchange.answer.text.split())[:120]}"


@requirement(
    "GW-UP-038",
    on=_LEFT,
    symptom="upstream-not-stopped",
    needs=(SERVED,),
    judges_silence=True,
    expects_429=True,
    facts=("marks",),
)
def a_plain_call_ends_with_its_client(recording: Recording) -> Findings:
    """A client that goes away before a plain answer ends the upstream call as well."""
    sent = _sent_for(recording, "plain")[:1]  # What else was sent is another rule's.
    if not sent:
        yield Inconclusive("the client had left before the gateway asked its upstream")
    for exchange in sent:
        if not exchange.was_left:
            is_whole = exchange.response is not None
            actual = "read to its end" if is_whole else "still waited for"
            expected = "broken off when the client left"
            yield Violation("response", expected, actual, exchange=exchange.id)


@requirement(
    "GW-UP-044",
    on=same("still-served"),
    symptom="key-locked",
    needs=(SERVED, "GW-UP-037"),
    judges_silence=True,
    expects_429=True,
    facts=("variants",),
)
def failures_do_not_lock_a_key(recording: Recording) -> Findings:
    """Requests that were aborted or failed upstream do not lock their key."""
    *before, last = recording.final
    failed = [exchange for exchange in before if not 200 <= exchange.status < 300]
    if not failed or not recording.upstream:
        yield Inconclusive("none of the requests failed upstream")
    elif not 200 <= last.status < 300:
        expected = f"200, though {len(failed)} of its requests failed or were left"
        yield Violation("status", expected, _status(last), exchange=last.id)
