"""GW-UP-039 to -041: what is charged for what the upstream counted, failed, or did not count."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from conformance import chat, messages
from conformance.directions import names
from conformance.kinds import Protocol
from conformance.model import Ended, Exchange, Findings, Inconclusive, Recording, Violation
from conformance.passages import Passage, passages
from conformance.profile import Price, Profile
from conformance.registry import requirement
from conformance.requirements.lab_passage import SERVED
from conformance.requirements.money import UNPRICED, dollars, is_served

REPORTED = ("cached", "cumulative", "taken over")
UNREPORTED = ("uncounted", "uncounted stream")
FAILED = ("failed", "broke off")
_CHARGED = names("charged")
_DEAREST = 2
"""No tokens of a cache cost more than twice those that are fresh."""


@requirement(
    "GW-UP-039",
    on=_CHARGED,
    symptom="wrong-bill",
    needs=(SERVED, "GW-UP-001"),
    expects_429=True,
    facts=("paid",),
)
def a_charge_is_what_was_reported(recording: Recording, profile: Profile) -> Findings:
    """A request is charged once, for what the provider that answered it reported."""
    for name, passage in _of(recording, REPORTED):
        client = passage.client
        price = profile.prices.get(str(client.request.json.get("model")))
        if price is None or not is_served(client) or not passage.upstream:
            yield Inconclusive(UNPRICED if price is None else f"{name}: not answered upstream")
            continue
        paid = recording.facts["paid"][client.id]
        least, most = _owed(passage.sent, price)
        if not least <= paid["nanousd"] <= most:
            expected = dollars(least) if least == most else f"{dollars(least)} to {dollars(most)}"
            reported = f"{name}: {expected} for {_counted(passage.sent)}"
            yield Violation("charge", reported, dollars(paid["nanousd"]), exchange=client.id)
        elif paid.get("charges", 1) != 1:
            actual = f"{paid['charges']} charges"
            yield Violation("charges", f"{name}: one charge", actual, exchange=client.id)


def _of(recording: Recording, wanted: tuple[str, ...]) -> Iterator[tuple[str, Passage]]:
    """The cases of these names, each with what came upstream for it."""
    variants: Mapping[str, str] = recording.facts["variants"]
    for passage in passages(recording):
        name = variants.get(passage.client.id, "")
        if name in wanted and passage.client.id in recording.facts["paid"]:
            yield name, passage


def _owed(exchange: Exchange, price: Price) -> tuple[int, int]:
    """The least and the most that the reported tokens may cost.

    Where the profile does not say what reading from a cache costs, it costs something
    between nothing and the most that it costs anywhere.
    """
    fresh, cached, output = _tokens(exchange)
    known = price.cache_read is not None
    rates = (price.reading, price.reading) if known else (0.0, _DEAREST * price.input)
    least, most = (
        round(1000 * (fresh * price.input + cached * rate + output * price.output))
        for rate in rates
    )
    return least, most


def _tokens(exchange: Exchange) -> tuple[int, int, int]:
    """The tokens that an upstream reported: fresh input, input from its cache, output."""
    usage = _usage(exchange)
    if exchange.protocol is Protocol.ANTHROPIC:
        read = int(usage.get("cache_read_input_tokens") or 0)
        return int(usage.get("input_tokens") or 0), read, int(usage.get("output_tokens") or 0)
    details = usage.get("prompt_tokens_details") or {}
    read = int(details.get("cached_tokens") or 0)
    fresh = int(usage.get("prompt_tokens") or 0) - read
    return fresh, read, int(usage.get("completion_tokens") or 0)


def _usage(exchange: Exchange) -> Mapping[str, Any]:
    if exchange.protocol is Protocol.ANTHROPIC:
        return messages.usage(exchange)
    found = chat.usages(exchange)
    return found[-1][1] if found else {}


def _counted(exchange: Exchange) -> str:
    fresh, cached, output = _tokens(exchange)
    return f"{fresh} tokens in, {cached} from the cache, {output} out"


@requirement(
    "GW-UP-040",
    on=_CHARGED,
    symptom="wrong-bill",
    needs=(SERVED,),
    expects_429=True,
    facts=("paid",),
)
def what_fails_is_free(recording: Recording) -> Findings:
    """A request that the upstream failed before any content is not charged."""
    for name, passage in _of(recording, FAILED):
        paid = recording.facts["paid"][passage.client.id]["nanousd"]
        if not passage.upstream:
            yield Inconclusive(f"{name}: nothing of it reached the lab")
        elif paid and not any(map(_is_whole, passage.upstream)):
            expected = f"nothing for what {name} at both providers"
            yield Violation("charge", expected, dollars(paid), exchange=passage.client.id)


def _is_whole(sent: Exchange) -> bool:
    """What the upstream did answer: who asks often enough gets that, and pays for it."""
    response = sent.response
    return response is not None and sent.status < 300 and response.ended is Ended.COMPLETE


@requirement(
    "GW-UP-041",
    on=_CHARGED,
    symptom="wrong-bill",
    needs=(SERVED,),
    expects_429=True,
    facts=("paid",),
)
def what_nobody_counted_is_charged(recording: Recording) -> Findings:
    """An answer whose upstream reports no usage is charged all the same."""
    for name, passage in _of(recording, UNREPORTED):
        paid = recording.facts["paid"][passage.client.id]["nanousd"]
        if not is_served(passage.client) or not passage.upstream:
            yield Inconclusive(f"{name}: not answered upstream")
        elif paid <= 0:
            expected = f"a charge for the answer ({name})"
            yield Violation("charge", expected, dollars(paid), exchange=passage.client.id)
