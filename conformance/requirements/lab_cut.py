"""GW-UP-036: what a client gets of a stream that its upstream breaks off."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain

from conformance import chat, messages
from conformance.directions import names
from conformance.kinds import Protocol
from conformance.model import (
    Ended,
    Exchange,
    Findings,
    Inconclusive,
    Level,
    Recording,
    Violation,
)
from conformance.passages import UNSEEN, Passage, passages
from conformance.registry import requirement
from conformance.requirements.lab_passage import READ
from conformance.sse import DONE

_OF_CLIENTS = frozenset(
    {
        "invalid_request_error",
        "authentication_error",
        "billing_error",
        "permission_error",
        "not_found_error",
        "request_too_large",
    }
)
"""The types of error after which a client does not ask again."""

_PROPER = "the body ends early"
"""What the scenario calls a cut that is no error of HTTP: the upstream just stops."""


@requirement("GW-UP-036", on=names("cut"), symptom="stream-cut", needs=READ)
def what_breaks_off_ends_in_an_error(recording: Recording) -> Findings:
    """A stream that the upstream cuts gives what had come, then an error of a server's class.

    That the connection breaks says so too, though without a reason: it is warned about. So
    is text at the end that was kept back, a 5xx in place of all that had come, and a body
    that is passed on as the upstream ended it: properly, without any terminal event.
    """
    for passage in passages(recording):
        status = passage.client.status
        how = recording.facts["variants"].get(passage.client.id, "the upstream breaks off")
        if not passage.upstream:
            yield Inconclusive(UNSEEN)
        elif 200 <= status < 300:
            yield from _text_lost(passage, how)
            yield from _wrong_end(passage.client, how, is_proper=how == _PROPER)
        else:
            level = Level.SHOULD if status >= 500 or status in (408, 429) else None
            expected = f"{_text(passage.sent)!r}, and then {how}"
            yield Violation("status", expected, str(status), level, passage.client.id)


def _text_lost(passage: Passage, how: str) -> Iterator[Violation]:
    """Text that came upstream and did not reach the client as it was."""
    came, got = _text(passage.sent), _text(passage.client)
    if got == came:
        return
    is_begun = bool(got) and came.startswith(got)
    level, expected = Level.SHOULD if is_begun else None, f"{came!r}, and then {how}"
    yield Violation("events", expected, repr(got), level, passage.client.id)


def _wrong_end(exchange: Exchange, how: str, *, is_proper: bool) -> Iterator[Violation]:
    """A stream that ends as if nothing had happened, or as if its client were at fault."""
    expected, end, told = (
        f"an error of a server's class, as {how}",
        _end(exchange),
        _errors(exchange),
    )
    if end and not told:
        yield Violation("events", expected, end, exchange=exchange.id)
    elif not told:
        is_cut = exchange.answer.ended is not Ended.COMPLETE
        actual = "a broken connection" if is_cut else "the end of the body, without any error"
        level = Level.SHOULD if is_cut or is_proper else None
        yield Violation("events", expected, actual, level, exchange.id)
    for where, error in told.items():
        found = _class_of_client(error)
        if found:
            yield Violation(where, expected, found, exchange=exchange.id)


def _end(exchange: Exchange) -> str:
    """What makes a stream look complete, of which the upstream sent nothing; else empty."""
    if exchange.protocol is Protocol.ANTHROPIC:
        return next(("message_stop" for _ in messages.events_of(exchange, "message_stop")), "")
    found = (f"finish_reason {value}" for _, value in chat.finish_reasons(exchange) if value)
    done = (DONE for event in exchange.events if event.data == DONE)
    return next(chain(found, done), "")


def _errors(exchange: Exchange) -> dict[str, Mapping[str, object]]:
    """The errors inside a stream, with their places."""
    found: dict[str, Mapping[str, object]] = {}
    for event in exchange.events:
        error = event.object.get("error")
        if error or "error" in (event.name, event.type):
            found[f"events[{event.index}].error"] = error if isinstance(error, dict) else {}
    return found


def _class_of_client(error: Mapping[str, object]) -> str:
    """What says that the client is at fault; empty where nothing does."""
    type, code = error.get("type"), str(error.get("code"))
    if type in _OF_CLIENTS:
        return str(type)
    is_status = len(code) == 3 and code.startswith("4") and code not in ("408", "429")
    return f"code {code}" if is_status else ""


def _text(exchange: Exchange) -> str:
    read = messages.text if exchange.protocol is Protocol.ANTHROPIC else chat.text
    return read(exchange)
