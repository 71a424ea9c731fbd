"""GW-UP-004, -005, -008 to -012, ANT-HDR-010: what a client is told of an upstream's failure.

What is told as a success, and in a stream's first event at best, is reported by GW-UP-009
alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container

from conformance.directions import names
from conformance.kinds import Protocol
from conformance.model import Findings, Inconclusive, Level, Recording, Violation
from conformance.nonces import LIMITS, REFUSAL, RETRY_AFTER, SHOWN_KEY
from conformance.provoked import Provoked, provoked, unseen
from conformance.registry import requirement
from conformance.requirements.lab_passage import SERVED

_ANTHROPIC = (Protocol.ANTHROPIC,)
REFUSED = names("refused")
FAILED = names("failed")
UNREACHABLE = names("unreachable")
FALLBACK = names("fallback")
LIMITED = names("limits", _ANTHROPIC, _ANTHROPIC)
SILENT = names("silent")

FAULTS = range(500, 600)
_MALFORMED = ("HTML", "empty", "truncated JSON", "broken SSE")
_LOST = ("dropped", "reset", "500", "none")
_MOST, _MOST_OF_ONE = 10, 3


@requirement(
    "GW-UP-004",
    on=REFUSED,
    symptom="failure-mistold",
    needs=(SERVED,),
    expects_429=True,
    judges_silence=True,
)
def refusals_are_told_for_what_they_are(recording: Recording) -> Findings:
    """The upstream's 400 stays one, with its words; its 401 or 403 for our key is a 5xx."""
    yield from unseen(recording)
    for one in provoked(recording, "400", "400 streamed"):
        yield from _status(one, (400,), "400")
        if one.client.status == 400 and REFUSAL not in one.client.answer.text:
            yield one.violation("body.error.message", f"the upstream's words: {REFUSAL}")
    for one in provoked(recording, "401", "403"):
        yield from _status(one, FAULTS, "a 5xx, as the client's key is good")
        if one.client.response and SHOWN_KEY in one.client.answer.text:
            expected = "nothing of the operator's key"
            yield one.violation("body", expected, f"{SHOWN_KEY} in it", Level.SHOULD)


@requirement(
    "GW-UP-005",
    on=REFUSED,
    symptom="limits-unreadable",
    needs=(SERVED,),
    expects_429=True,
    judges_silence=True,
)
def limits_and_overload_are_passed_on(recording: Recording) -> Findings:
    """An upstream's 429 stays one, with its retry-after, and its 529 says overloaded."""
    yield from unseen(recording)
    for one in provoked(recording, "429"):
        yield from _status(one, (429,), "429")
        found = one.client.response.header("retry-after") if one.client.response else None
        if one.client.status == 429 and found != RETRY_AFTER:
            yield one.violation("headers.retry-after", RETRY_AFTER, found or "absent")
    for one in provoked(recording, "529"):
        yield from _status(one, (503, 529), "529, or 503")
        if one.client.status in (503, 529) and one.client.protocol is Protocol.ANTHROPIC:
            error = one.client.answer.object.get("error")
            type = error.get("type") if isinstance(error, dict) else None
            if type != "overloaded_error":
                yield one.violation("body.error.type", "overloaded_error", str(type))


@requirement(
    "GW-UP-008",
    on=FAILED,
    symptom="errors-unreadable",
    needs=(SERVED,),
    expects_429=True,
    judges_silence=True,
)
def malformed_answers_are_a_502(recording: Recording) -> Findings:
    """What is no answer (HTML, nothing, half of a JSON text) becomes a well-formed 502."""
    yield from unseen(recording)
    for one in provoked(recording, *_MALFORMED):
        yield from _told_as_fault(one)
        if one.client.status in FAULTS and one.client.status != 502:
            yield one.violation("status", "502", str(one.client.status), Level.SHOULD)


@requirement(
    "GW-UP-009",
    on=(*REFUSED, *FAILED, *UNREACHABLE),
    symptom="error-in-200",
    needs=(SERVED,),
    expects_429=True,
    judges_silence=True,
)
def failures_are_no_empty_successes(recording: Recording) -> Findings:
    """A failed upstream never is a 200 without content: it is a status, or begins a stream."""
    yield from unseen(recording)
    for one in provoked(recording):
        if not one.is_served or one.variant == "refused":
            continue
        if one.begins_with_error:
            yield one.violation("status", "the error's status", level=Level.SHOULD)
        elif one.client.is_streamed:
            yield one.violation("events", "an error and nothing else")
        else:
            yield one.violation("status", "the error's status")


@requirement(
    "GW-UP-010",
    on=(*FAILED, *UNREACHABLE),
    symptom="failure-mistold",
    needs=(SERVED,),
    expects_429=True,
    judges_silence=True,
)
def lost_upstreams_are_a_fault(recording: Recording) -> Findings:
    """An upstream that cannot be reached, hangs up or says 5xx is a 5xx with a message."""
    yield from unseen(recording)
    for one in provoked(recording, *_LOST):
        yield from _told_as_fault(one)


@requirement(
    "GW-UP-011",
    on=SILENT,
    symptom="no-answer",
    needs=(SERVED,),
    expects_429=True,
    judges_silence=True,
)
def silent_upstreams_are_given_up(recording: Recording) -> Findings:
    """An upstream that says nothing is given up in the end, with a 5xx: 504 at best."""
    yield from unseen(recording)
    for one in provoked(recording, "silence"):
        if one.is_served and len(one.upstream) > 1 and (one.text or one.error_event):
            continue  # Asked again, it was answered.
        if one.is_served and not one.begins_with_error:
            yield one.violation("status", "504 or another 5xx")
            continue
        yield from _told_as_fault(one)
        gave_up = one.upstream[-1].was_left
        if gave_up and one.client.status in FAULTS and one.client.status != 504:
            expected = "504, as the gateway's own patience was over"
            yield one.violation("status", expected, str(one.client.status), Level.SHOULD)


@requirement(
    "GW-UP-012",
    on=(*REFUSED, *FAILED, *FALLBACK),
    symptom="tried-without-end",
    needs=(SERVED,),
    expects_429=True,
    judges_silence=True,
)
def tries_are_bounded(recording: Recording) -> Findings:
    """What the upstream refuses with 400 is sent once, and what it fails a few times at most."""
    yield from unseen(recording)
    for one in provoked(recording, endless=True):
        sent, last = len(one.upstream), one.upstream[-1].id
        asked = Counter(exchange.provider for exchange in one.upstream)
        provider, most = asked.most_common(1)[0]
        if one.variant.startswith("400"):
            if sent > 1:
                expected = "one, as a 400 is the request's own fault"
                # Another provider may know a model, or a limit, that this one does not.
                level = Level.SHOULD if most == 1 else None
                yield Violation("requests", expected, _times(asked), level, last)
        elif sent > _MOST:
            expected = f"at most {_MOST} for one of the client"
            yield Violation("requests", expected, _times(asked), exchange=last)
        elif most > _MOST_OF_ONE:
            expected = f"at most {_MOST_OF_ONE} to {provider}"
            yield Violation("requests", expected, _times(asked), Level.SHOULD, last)


@requirement(
    "ANT-HDR-010",
    on=(*LIMITED, *names("refused", _ANTHROPIC, _ANTHROPIC)),
    symptom="limits-unreadable",
    needs=(SERVED,),
    expects_429=True,
    judges_silence=True,
)
def limits_of_an_anthropic_upstream_are_relayed(recording: Recording) -> Findings:
    """An Anthropic upstream's limits and its advice about retries reach the client."""
    yield from unseen(recording)
    for one in provoked(recording, "limits", "429"):
        response = one.client.response
        if response is None or one.client.status not in (200, 429):
            yield Inconclusive(f"the answer has another status: {one.said}")
            continue
        told = {"retry-after": RETRY_AFTER, "x-should-retry": "true"}
        for name, value in (LIMITS | (told if response.status == 429 else {})).items():
            found = response.header(name)
            if found != value:
                yield Violation(f"headers.{name}", value, found or "absent", None, one.client.id)


def _status(one: Provoked, expected: Container[int], words: str) -> Findings:
    """A status that is none of those expected; what is told as a success is GW-UP-009's."""
    if one.client.status not in expected and not one.is_served:
        yield one.violation("status", words)


def _told_as_fault(one: Provoked) -> Findings:
    """A 5xx, or a 429, in the client's envelope; what is told as a success is GW-UP-009's."""
    if one.is_served:
        return
    if one.client.status not in FAULTS and one.client.status != 429:
        yield one.violation("status", "a 5xx")
    elif not one.has_envelope:
        yield one.violation("body", "an error in the client's own envelope, with a message")


def _times(asked: Counter[str]) -> str:
    return ", ".join(f"{count} to {provider}" for provider, count in asked.items())
