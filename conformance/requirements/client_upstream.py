"""What must be true behind the gateway while a real client works: the lab saw it.

The lab was told what to answer, so what the client got is measured against what was given,
and its requests against those that the gateway made of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from conformance.asked import asked_of
from conformance.asked.facts import Result
from conformance.clients.wire import (
    STREAMS,
    end_of,
    main_requests,
    same_stop,
    thinking_of,
    upstream_requests,
)
from conformance.kinds import Kind
from conformance.model import Exchange, Finding, Findings, Inconclusive, Recording, Violation
from conformance.passages import UNSEEN

_QUOTED = 300


def asked_beyond_the_lab(recording: Recording) -> Findings:
    """Nothing shows where a gateway hands on what the lab does not serve: Responses."""
    for exchange in recording.upstream:
        if exchange.request.path.endswith("/responses"):
            yield Inconclusive("the gateway asked its upstream for /responses; the lab has none")
            return


def upstream_is_asked_once(recording: Recording) -> Findings:
    """The upstream gets as many requests as the task takes, each for a stream."""
    if not recording.facts.get("has_lab"):
        return
    got, wanted = upstream_requests(recording), recording.facts["requests"]
    plain = next((e for e in got if not e.request.wants_stream), None)
    if not got:
        yield Inconclusive(UNSEEN)
    elif len(got) != wanted or plain is not None:
        shown = "; ".join(_line(e) for e in got[:6])
        expected = f"{wanted} model requests upstream, each for a stream"
        about = plain or got[min(wanted, len(got) - 1)]
        yield Violation("upstream", expected, f"{len(got)}: {shown}", exchange=about.id)


def ends_are_passed_on(recording: Recording) -> Findings:
    """Why the upstream stopped, and its count of tokens, are what the client was sent."""
    for client, upstream in _pairs(recording):
        (stop, usage), (given, counted) = end_of(client), end_of(upstream)
        is_told = client.kind is not Kind.OPENAI_RESPONSE_STREAM
        if is_told and given is not None and same_stop(stop) != same_stop(given):
            yield Violation("stop", str(given), str(stop), exchange=client.id)
        for side, counts in counted.items() if _asks_for_usage(client) else ():
            if counts and not counts & usage.get(side, set()):
                found = " or ".join(map(str, sorted(usage.get(side, ())))) or "nothing"
                expected = " or ".join(map(str, sorted(counts)))
                yield Violation(f"usage.{side}", expected, found, exchange=client.id)


def _asks_for_usage(exchange: Exchange) -> bool:
    """A stream of chat has its usage only where that is asked for."""
    options = exchange.request.json.get("stream_options")
    is_asked = isinstance(options, dict) and options.get("include_usage") is True
    return is_asked or exchange.kind is not Kind.OPENAI_STREAM


def results_go_upstream(recording: Recording) -> Findings:
    """The result of each tool that ran reaches the upstream."""
    got = upstream_requests(recording)
    results = recording.facts["expected"]["results"].values()
    if not got or not results:
        return
    heard = "\n".join(text for r in asked_of(got[-1]).of(Result) for text in r.texts)
    for result in results:
        # Some agents write their results as JSON into the text of the result.
        if result not in heard and json.dumps(result).strip('"') not in heard:
            found = heard[:_QUOTED] or "no result"
            yield Violation("request.body.messages", result, found, exchange=got[-1].id)


def thinking_is_passed_on(recording: Recording) -> Findings:
    """What the upstream thought, and its signature, are what the client was sent."""
    for client, upstream in _pairs(recording):
        if client.kind is upstream.kind is Kind.ANTHROPIC_STREAM:
            yield from _same_thoughts(client, upstream)


def _same_thoughts(client: Exchange, upstream: Exchange) -> Iterator[Finding]:
    sent, given = thinking_of(client), thinking_of(upstream)
    for part, value in given.items():
        if sent[part] != value:
            where, found = f"events.{part}", sent[part][:_QUOTED] or "nothing"
            yield Violation(where, value[:_QUOTED], found, exchange=client.id)


def _pairs(recording: Recording) -> Iterator[tuple[Exchange, Exchange]]:
    """The client's requests that were answered, each with what the upstream was asked for it."""
    if not recording.facts.get("has_lab"):
        return
    asked, got = main_requests(recording), upstream_requests(recording)
    if len(asked) == len(got) and all(e.kind in STREAMS for e in (*asked, *got)):
        yield from zip(asked, got, strict=True)


def _line(exchange: Exchange) -> str:
    how = "stream" if exchange.request.wants_stream else "no stream"
    return f"#{exchange.id.rpartition('#')[2]} {exchange.request.path} ({how})"
