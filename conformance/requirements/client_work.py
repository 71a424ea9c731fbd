"""What must be true of a real client's work: it ended well, and got all that was sent.

A recording holds what the client said and did (its facts) beside what went over the wire
(its exchanges). Where the model takes orders, what it says is known; where not, a model that
did not do what it was asked for proves nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from conformance.clients.assignments import ran
from conformance.clients.wire import (
    STREAMS,
    calls_of,
    end_of,
    main_requests,
    same_stop,
    text_of,
    thinking_of,
)
from conformance.kinds import Kind
from conformance.model import (
    Ended,
    Exchange,
    Finding,
    Findings,
    Inconclusive,
    Recording,
    Violation,
)

MISCOUNTING = ("LangChain.js", "LiteLLM SDK")
"""Clients that add the count at the start of an Anthropic message to that at its end."""

_QUOTED = 600


def ended_well(recording: Recording) -> Findings:
    """The client ended by itself, with status 0 and without an error of its own."""
    facts = recording.facts
    status, after = facts["exit_status"], f"after {facts['seconds']:g} s"
    about = _suspect(recording)
    if facts["timed_out"]:
        yield Violation(
            "client",
            "it ends by itself",
            f"ended by us {after}: {_words(facts)}",
            exchange=about,
        )
    elif status != 0 or facts["said"]["error"]:
        actual = f"exit status {status} {after}: {_words(facts)}"
        yield Violation("client", "exit status 0 and no error", actual, exchange=about)


def requests_are_counted(recording: Recording) -> Findings:
    """No request is repeated, and each asks for a stream: no fault was hidden by another try."""
    facts, asked = recording.facts, main_requests(recording)
    over = facts["over_cap"]
    plain = next((e for e in asked if not e.request.wants_stream), None)
    wanted, count = _wanted(recording), len(asked)
    if over or count != wanted or plain is not None:
        counted = f"{count} and {over} that were not let through" if over else str(count)
        shown = "; ".join(_line(e) for e in asked[:6])
        about = plain.id if plain is not None else _suspect(recording)
        expected = f"{wanted} model requests, each for a stream"
        yield Violation("requests", expected, f"{counted}: {shown}", exchange=about)


def requests_are_not_repeated(recording: Recording) -> Findings:
    """No more requests are made than the task takes, by a client that failed."""
    over, count = recording.facts["over_cap"], len(main_requests(recording))
    if over or count > _wanted(recording):
        yield from requests_are_counted(recording)


def _wanted(recording: Recording) -> int:
    """How many requests the task takes; a model of its own mind may call tools or not."""
    if recording.facts["is_scripted"]:
        return int(recording.facts["requests"])
    return 1 + sum(any(calls_of(e)) for e in main_requests(recording))


def text_is_whole(recording: Recording) -> Findings:
    """The client's text is what the gateway sent, and what the model said, to its end."""
    facts, asked = recording.facts, main_requests(recording)
    expected, shown = facts["expected"], _shown(facts, str(facts["said"]["text"] or ""))
    sent = [_shown(facts, text_of(e)) for e in asked if e.kind in STREAMS]
    whole = _shown(facts, expected["whole"])
    if sent and not _holds(facts, shown, sent[-1]):
        yield _differs("client.text", sent[-1], shown, asked[-1].id)
    elif whole and not _holds(facts, shown, whole):
        yield _differs("model.text", whole, shown, asked[-1].id if asked else "")
    missing = [word for word in expected["words"] if _shown(facts, word) not in shown]
    if missing and not whole:
        yield _unsaid(recording, missing[0], shown)


def tools_ran(recording: Recording) -> Findings:
    """Each tool ran once, with the arguments that the model gave."""
    facts, asked = recording.facts, main_requests(recording)
    calls = [call for e in asked for call in calls_of(e)]
    wanted, runs = _wanted_runs(recording, calls), sorted(facts["runs"])
    if isinstance(wanted, Inconclusive):
        yield wanted
        return
    if runs == wanted:
        return
    called = "; ".join(f"{name}({arguments})" for name, arguments in calls)
    actual = f"{'; '.join(runs) or 'nothing'}; on the wire: {called or 'no call'}"
    about = asked[0].id if asked else ""
    yield Violation("tools that ran", "; ".join(wanted), actual[:_QUOTED], exchange=about)


def _wanted_runs(
    recording: Recording, calls: Sequence[tuple[Any, Any]]
) -> list[str] | Inconclusive:
    """What has to run: what was ordered, or what a model of its own mind called."""
    facts, expected = recording.facts, recording.facts["expected"]
    if facts["is_scripted"] or sorted(facts["runs"]) == sorted(expected["runs"]):
        return sorted(expected["runs"])
    if not calls:
        return Inconclusive("the model called no tool")
    values = [(name, _parsed(arguments)) for name, arguments in calls]
    if "tool_runs" in facts["said"]:
        return sorted(ran(name, value) for name, value in values)
    # An agent's tool is its own: what a command leaves is known only of the one asked for.
    called = [text for _, value in values for text in _texts(value)]
    if all(any(command in text for text in called) for command in expected["results"]):
        return sorted(expected["runs"])
    return Inconclusive("the model called something else than it was asked to")


def _parsed(arguments: Any) -> Any:
    try:
        return json.loads(arguments)
    except (TypeError, ValueError):
        return arguments


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for member in (
        value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    ):
        yield from _texts(member)


def thinking_is_kept(recording: Recording) -> Findings:
    """What was thought, and the signature, reach the program as they were sent."""
    said = recording.facts["said"]
    for exchange in main_requests(recording)[:1]:
        sent = thinking_of(exchange)
        if not sent["thinking"] and not sent["signature"]:
            yield Inconclusive("the model did not think")
        for part, value in sent.items():
            if part in said and said[part] != value:
                yield _differs(f"client.{part}", value, str(said[part]), exchange.id)


def tokens_are_counted(recording: Recording) -> Findings:
    """Every count that was asked for came, and the client has the number that was sent."""
    counts = [e for e in recording.final if e.request.path.endswith("/count_tokens")]
    for exchange in counts:
        number = exchange.answer.object.get("input_tokens") if exchange.response else None
        if type(number) is not int:
            yield Violation("body.input_tokens", "a number", _line(exchange), exchange=exchange.id)
        elif recording.facts["said"].get("tokens", number) != number:
            told = str(recording.facts["said"]["tokens"])
            yield Violation("client.tokens", str(number), told, exchange=exchange.id)
    if not counts:
        yield Violation("requests", "a request to /count_tokens", "none")


def answers_are_told(recording: Recording) -> Findings:
    """Why the model stopped, and how many tokens it took, reach the program."""
    told = recording.facts["said"]["answers"]
    asked = [e for e in main_requests(recording) if e.kind in STREAMS]
    if len(told) != len(asked):
        return  # Libraries tell of every answer, agents of one or none.
    for exchange, answer in zip(asked, told, strict=True):
        yield from _told(recording, exchange, answer)


def _told(recording: Recording, exchange: Exchange, answer: dict[str, Any]) -> Iterator[Finding]:
    stop, usage = end_of(exchange)
    if stop is not None and same_stop(answer["stop"]) != same_stop(stop):
        yield Violation("client.stop", str(stop), str(answer["stop"]), exchange=exchange.id)
    if recording.facts["client"] in MISCOUNTING and exchange.kind is Kind.ANTHROPIC_STREAM:
        return
    for side, counts in usage.items():
        if counts and answer[side] not in counts:
            expected = " or ".join(map(str, sorted(counts)))
            yield Violation(
                f"client.usage.{side}", expected, str(answer[side]), exchange=exchange.id
            )


def _unsaid(recording: Recording, word: str, shown: str) -> Finding:
    """The model's own doing where it takes no orders, the gateway's where it does."""
    if recording.facts["is_scripted"]:
        return Violation("client.text", f"a text with {word}", shown[:_QUOTED] or "nothing")
    return Inconclusive(f"the model did not say what it was asked for: {word}")


def _differs(where: str, expected: str, actual: str, exchange: str) -> Violation:
    """Where two texts part, with what stands there."""
    pairs = enumerate(zip(expected, actual, strict=False))
    place = next((n for n, (a, b) in pairs if a != b), min(len(expected), len(actual)))
    wanted, found = (repr(text[place : place + 60]) for text in (expected, actual))
    counted = f"{len(expected)} and {len(actual)} characters"
    return Violation(f"{where}[{place}]", wanted, f"{found} ({counted})", exchange=exchange)


def _shown(facts: Any, text: str) -> str:
    """A text as it is compared: a client that wraps its lines leaves only the words."""
    return " ".join(text.split()) if facts["said"].get("is_wrapped") else text.strip()


def _holds(facts: Any, shown: str, text: str) -> bool:
    """Whether the client shows a text: agents may also show what was said before tools ran."""
    is_within = facts["said"].get("is_wrapped") or facts["expected"]["runs"]
    return text in shown if is_within else text == shown


def _suspect(recording: Recording) -> str:
    """The first exchange with which something is wrong, else the last."""
    unsound = (e for e in recording.final if not _is_sound(e))
    return next(unsound, recording.last).id


def _is_sound(exchange: Exchange) -> bool:
    if exchange.response is None:
        return False
    return 200 <= exchange.status < 300 and exchange.response.ended is Ended.COMPLETE


def _line(exchange: Exchange) -> str:
    """An exchange in a few words."""
    asked, how = exchange.request, "stream" if exchange.request.wants_stream else "no stream"
    number = exchange.id.rpartition("#")[2]
    if exchange.response is None:
        detail = exchange.failure.detail if exchange.failure else "no answer"
        return f"#{number} {asked.method} {asked.path} ({how}): {detail}"
    ended = exchange.response.ended
    return f"#{number} {asked.method} {asked.path} ({how}): {exchange.status}, {ended}"


def _words(facts: Any) -> str:
    """What the client said of its own end."""
    said = [facts["said"]["error"], facts["stderr"], facts["stdout"]]
    found = next((text for text in said if text and text.strip()), "it printed nothing")
    return json.dumps(found[-_QUOTED:], ensure_ascii=False)
