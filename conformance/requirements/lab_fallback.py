"""GW-UP-001, -002, -013 to -017: what a second provider is for, and when it is too late."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.asked.differences import Difference, of_values, shown
from conformance.directions import names, same
from conformance.model import Exchange, Findings, Inconclusive, Level, Recording, Violation
from conformance.nonces import FIRST, SECOND, TRACE
from conformance.passages import UNSEEN
from conformance.provoked import Provoked, provoked, unseen
from conformance.registry import requirement
from conformance.requirements.lab_errors import FALLBACK, UNREACHABLE
from conformance.requirements.lab_passage import READ, SERVED

OPENING = names("opening")
MIDWAY = names("midway")
_BEFORE = ("refused", "reset", "500", "429", "529", "HTML", "silence")
_SHOWN = 60


@requirement(
    "GW-UP-001",
    on=(*FALLBACK, *UNREACHABLE, *same("too-slow")),
    symptom="no-fallback",
    needs=READ,
    expects_429=True,
    judges_silence=True,
)
def another_provider_takes_over(recording: Recording) -> Findings:
    """A provider that fails before its first byte is replaced: one clean answer, charged once."""
    yield from unseen(recording)
    for one in provoked(recording, *_BEFORE):
        yield from _taken_over(one)
    if "charges" in recording.facts:
        yield from _charged_once(recording)


def _taken_over(one: Provoked) -> Findings:
    """One whole answer of the provider that takes over; what else it says is GW-UP-014's."""
    if not one.is_served:
        yield one.violation("status", "200, from the next provider")
    elif one.error_event is not None:
        place = f"events[{one.error_event.index}]"
        yield one.violation(place, "no error, there is another provider", one.error_event.data)
    elif SECOND not in one.text:
        expected = f"all of what the next provider says: {SECOND}"
        yield one.violation("text", expected, shown(one.text))
    elif one.ends != 1:
        yield one.violation("events", "one end of one answer", f"{one.ends} of them")


def _charged_once(recording: Recording) -> Findings:
    served = recording.served(False) + recording.served(True)
    costs = [int(row["cost_nanousd"]) for row in recording.facts["charges"]]
    charged = [cost for cost in costs if cost]
    if len(charged) != len(served):
        actual = f"{len(charged)}: {', '.join(map(str, charged)) or 'none'} (nano-dollars)"
        yield Violation("charges", f"{len(served)}, one for each answered request", actual)


@requirement(
    "GW-UP-002",
    on=MIDWAY,
    symptom="answers-mixed",
    needs=(SERVED,),
    expects_429=True,
    judges_silence=True,
)
def nobody_takes_over_half_way(recording: Recording) -> Findings:
    """After the first words nobody takes over: the stream ends as a broken one."""
    yield from unseen(recording)
    for one in provoked(recording):
        begun = FIRST[0].strip() in one.text
        second = one.text.find(SECOND[:_SHOWN])
        if begun and second > 0:
            expected = "no words of another provider after those of the first"
            yield one.violation("text", expected, f"at {second}: {shown(one.text[second:])}")
        elif begun and one.ends and one.error_event is None:
            yield one.violation("events", "no end as of a whole answer", "a clean end")


@requirement(
    "GW-UP-013",
    on=FALLBACK,
    symptom="input-dropped",
    needs=(SERVED,),
    expects_429=True,
    judges_silence=True,
)
def who_takes_over_is_asked_thesame(recording: Recording) -> Findings:
    """The provider that takes over gets all of the request that the first one got."""
    replaced = [one for one in provoked(recording, *_BEFORE) if len(_providers(one)) > 1]
    if not replaced:
        yield Inconclusive("nobody took over" if recording.upstream else UNSEEN)
    for one in replaced:
        first = one.upstream[0]
        for other in one.upstream[1:]:
            if other.provider != first.provider:
                yield from _left_out(first, other)


def _left_out(first: Exchange, other: Exchange) -> Iterator[Violation]:
    """What the second request lacks; the model may have another name there, and more be asked."""
    theirs = other.request.json
    for name, value in first.request.json.items():
        found: Iterator[Difference] = of_values(value, theirs.get(name), f"request.body.{name}")
        for difference in found if name != "model" else ():
            expected = f"{difference.expected}, as {first.provider} got it"
            yield Violation(difference.where, expected, difference.actual, exchange=other.id)


@requirement(
    "GW-UP-014",
    on=(*FALLBACK, *OPENING),
    symptom="answers-mixed",
    needs=READ,
    expects_429=True,
    judges_silence=True,
)
def failed_attempts_leave_no_trace(recording: Recording) -> Findings:
    """Of an attempt that failed nothing is seen when another provider answers."""
    taken = [one for one in provoked(recording) if one.is_served and SECOND in one.text]
    if not taken:
        yield Inconclusive("nobody took over" if recording.upstream else UNSEEN)
    for one in taken:
        if one.text != SECOND:
            yield one.violation("text", SECOND, shown(one.text))
        elif TRACE in one.client.answer.text:
            yield one.violation("body", "nothing of the failed attempt", f"{TRACE}, its mark")
        for name, value in one.client.answer.headers:
            if TRACE in value:
                where = f"headers.{name.lower()}"
                expected = "nothing of the failed attempt"
                yield one.violation(where, expected, value, Level.SHOULD)


@requirement(
    "GW-UP-015",
    on=same("recovery"),
    symptom="no-fallback",
    needs=(SERVED,),
    expects_429=True,
    judges_silence=True,
)
def one_failure_takes_nobody_out(recording: Recording) -> Findings:
    """After one refused or failed request the next valid one is served."""
    yield from unseen(recording)
    goods = [e for e in recording.final if e.id in recording.facts["variants"]]
    before, *after = goods
    if not 200 <= before.status < 300:
        yield Inconclusive("the provider was out before anything failed")
        return
    for failed, good in zip((400, 500), after, strict=True):
        if not 200 <= good.status < 300:
            words = " ".join(good.answer.text.split())[:160] if good.response else "no answer"
            expected = f"200, though the request before it met a {failed}"
            yield Violation("status", expected, f"{good.status}: {words}", exchange=good.id)


@requirement(
    "GW-UP-016",
    on=same("come-again"),
    symptom="no-fallback",
    needs=(SERVED,),
    expects_429=True,
    judges_silence=True,
)
def limited_providers_are_asked_again(recording: Recording) -> Findings:
    """A provider that was limited for a time is asked again once that is over."""
    limited, later = provoked(recording, "limited"), provoked(recording, "later")
    first = limited[0].upstream[0] if limited else None
    if first is None or first.status != 429:
        yield Inconclusive("no provider was limited")
        return
    asked = [exchange.provider for one in later for exchange in one.upstream]
    if first.provider not in asked:
        expected = f"a request to {first.provider}, whose retry-after is over"
        actual = f"one to {', '.join(asked)}" if asked else "none to anybody"
        yield Violation("requests", expected, actual)


@requirement(
    "GW-UP-017",
    on=OPENING,
    symptom="no-fallback",
    needs=READ,
    expects_429=True,
    judges_silence=True,
)
def what_breaks_before_content_is_replaced(recording: Recording) -> Findings:
    """A stream that breaks, or reports an error, before any content is another provider's."""
    yield from unseen(recording)
    for one in provoked(recording):
        yield from _taken_over(one)


def _providers(one: Provoked) -> set[str]:
    return {exchange.provider for exchange in one.upstream}
