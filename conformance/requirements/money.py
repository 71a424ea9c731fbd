"""GW-CAP: what a cap, a balance and a charge must do, seen over several requests.

Amounts are integer nano-dollars. A charge is joined with its answer by the request id
where the control adapter lists charges, else only their sum is compared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from conformance import chat, messages
from conformance.kinds import Protocol
from conformance.model import Exchange, Findings, Inconclusive, Recording, Violation
from conformance.profile import Price, Profile
from conformance.registry import requirement

PLAIN = ("ANT-EP-001", "OAI-HTTP-001")
_CROSSINGS = ("money-messages-then-chat", "money-chat-then-messages")
DROPPED = ("money-dropped-stream", "money-dropped-chat-stream")


@requirement(
    "GW-CAP-005",
    on=_CROSSINGS,
    symptom="cap-not-shared",
    needs=PLAIN,
    expects_429=True,
    facts=("spent_on", "cap_nanousd"),
)
def spend_is_unified(recording: Recording) -> Findings:
    """What one protocol spends counts against the key's cap on the other too."""
    spent_on = int(recording.facts["spent_on"])
    last, other = recording.final[spent_on - 1], recording.final[spent_on]
    if is_served(last):
        cap = dollars(int(recording.facts["cap_nanousd"]))
        actual = f"{spent_on} requests served with a cap of {cap}, and then no refusal"
        yield Violation("status", "a refusal once the cap is used up", actual, exchange=last.id)
        return
    if is_served(other):
        what = f"{other.status}, though the cap is used up on the other protocol"
        yield Violation("status", "a refusal", what, exchange=other.id)


@requirement(
    "GW-CAP-007",
    on=(*_CROSSINGS, "money-topped-up"),
    symptom="402",
    needs=(*PLAIN, "GW-CAP-005"),
    expects_429=True,
)
def more_money_revives_the_key(recording: Recording) -> Findings:
    """A key works again once its cap is raised or its account is topped up."""
    if any(exchange.status == 401 or exchange.status >= 500 for exchange in recording.final):
        yield Inconclusive("not every request was let in or refused for money")
        return
    raised_after = int(recording.facts.get("raised_after", 1))
    if is_served(recording.final[raised_after - 1]):
        yield Inconclusive("the key was never refused")
        return
    for exchange in recording.final[raised_after:]:
        if not is_served(exchange):
            what = f"{exchange.status}: {' '.join(exchange.answer.text.split())[:120]}"
            yield Violation("status", "200, there is money again", what, exchange=exchange.id)


@requirement(
    "GW-CAP-008",
    on="money-at-once",
    symptom="cap-overspent",
    needs=PLAIN,
    expects_429=True,
    facts=("cap_nanousd", "spent_nanousd", "step_nanousd"),
)
def requests_at_once_do_not_overspend(recording: Recording) -> Findings:
    """Many requests at once cannot spend more than the cap of their key."""
    cap, spent = int(recording.facts["cap_nanousd"]), int(recording.facts["spent_nanousd"])
    served = [exchange for exchange in recording.final if is_served(exchange)]
    # A gateway that lets the last request in while some of the cap is left is sound.
    if spent > cap + int(recording.facts["step_nanousd"]):
        actual = f"{dollars(spent)} spent by {len(served)} of {len(recording.final)} at once"
        wanted = f"at most the cap of {dollars(cap)} and one request more"
        yield Violation("spent", wanted, actual)
    elif not served:
        yield Inconclusive("none of the requests was served")


@requirement(
    "GW-CAP-009",
    on="money-refused",
    symptom="wrong-bill",
    needs=PLAIN,
    facts=("spent_nanousd",),
)
def refused_requests_cost_nothing(recording: Recording) -> Findings:
    """A request that is refused or fails costs nothing."""
    served = next(filter(is_served, recording.final), None)
    if served is not None:
        yield Inconclusive(f"{served.id} was served and not refused")
        return
    spent = int(recording.facts["spent_nanousd"])
    if spent:
        statuses = ", ".join(str(exchange.status) for exchange in recording.final)
        yield Violation("spent", "nothing", f"{dollars(spent)} after {statuses}")


@requirement(
    "GW-CAP-010",
    on="money-charges",
    symptom="wrong-bill",
    needs=(*PLAIN, "ANT-USE-001", "ANT-STR-024", "OAI-CHAT-014", "OAI-STREAM-015"),
    facts=("spent_nanousd",),
)
def charges_are_usage_times_price(recording: Recording, profile: Profile) -> Findings:
    """Each charge is usage x price, exactly, and they add up to what the account lost."""
    if not _are_priced(recording, profile):
        yield Inconclusive(UNPRICED)
        return
    owed = {e.id: _owed(e, profile.prices) for e in recording.final if is_served(e)}
    if len(owed) < len(recording.final):
        yield Inconclusive("some of the requests were not served")
        return
    facts = recording.facts
    if "charges" in facts:
        yield from _itemised(recording, owed)
    spent = int(facts["spent_nanousd"])
    if spent != sum(owed.values()):
        yield Violation("spent", dollars(sum(owed.values())), dollars(spent))
    if facts.get("paid_nanousd", spent) != spent:
        paid = dollars(int(facts["paid_nanousd"]))
        yield Violation("balance", f"a fall by {dollars(spent)}", f"a fall by {paid}")


def _itemised(recording: Recording, owed: Mapping[str, int]) -> Findings:
    rows = recording.facts["charges"]
    if not any(row["request_id"] for row in rows):
        # The gateway does not say which request a charge is for: all of them are compared.
        listed, wanted = sorted(int(row["cost_nanousd"]) for row in rows), sorted(owed.values())
        if listed != wanted:
            yield Violation("charges", _listed(wanted), _listed(listed))
        return
    for exchange in recording.final:
        costs = [int(row["cost_nanousd"]) for row in charges_of(recording, exchange)]
        if costs != [owed[exchange.id]]:
            actual = _listed(costs) or "no charge under its request id"
            yield Violation("charge", dollars(owed[exchange.id]), actual, exchange=exchange.id)


@requirement(
    "GW-CAP-011",
    on=DROPPED,
    symptom="wrong-bill",
    needs=("ANT-STR-001", "OAI-STREAM-027"),
    facts=("charges",),
)
def dropped_streams_are_charged_once(recording: Recording, profile: Profile) -> Findings:
    """A stream that the client drops is charged once, for what was produced."""
    exchange = recording.last
    if not is_served(exchange):
        yield Inconclusive("the stream was not served")
        return
    if not _are_priced(recording, profile):
        yield Inconclusive(UNPRICED)
        return
    # The key is used for nothing else, so every charge of it is one for this stream.
    costs = [int(row["cost_nanousd"]) for row in recording.facts["charges"]]
    if len(costs) != 1:
        yield Violation("charges", "one for the dropped stream", f"{len(costs)}")
        return
    price, budget = profile.prices[_model(exchange)], _budget(exchange)
    least = 1000 * price.output
    most = 1000 * (_prompt_tokens(recording, exchange) * price.input + budget * price.output)
    if not least <= costs[0] <= most:
        expected = f"more than nothing, at most {dollars(round(most))} for the whole budget"
        yield Violation("charge", expected, dollars(costs[0]))


@requirement("GW-CAP-012", on="money-siblings", symptom="402", needs=PLAIN, expects_429=True)
def a_cap_is_the_keys_own(recording: Recording) -> Findings:
    """A key's cap does not touch another key of its account; the account's balance touches all."""
    if len(recording.final) < 4:
        yield Inconclusive("not every key was tried")
        return
    first, second, poor, sibling = recording.final[-4:]
    if is_served(first) or is_served(poor):
        yield Inconclusive("the key of a used-up cap, or of an empty account, was served")
        return
    if not is_served(second):
        actual = f"{second.status}, though only the other key's cap is used up"
        yield Violation("status", "200", actual, exchange=second.id)
    if is_served(sibling):
        actual = f"{sibling.status}, though the other key of its empty account was refused"
        yield Violation("status", "a refusal", actual, exchange=sibling.id)


@requirement(
    "GW-CAP-013",
    on="money-cached",
    symptom="wrong-bill",
    needs=("ANT-EP-001", "ANT-USE-001", "GW-CAP-010"),
    facts=("spent_nanousd",),
)
def cached_tokens_have_their_own_price(recording: Recording, profile: Profile) -> Findings:
    """Tokens of the prompt cache are priced at their own rates, and not twice.

    Where the profile does not say what they cost, at most what the dearest of them may.
    """
    served = list(filter(is_served, recording.final))
    if len(served) < len(recording.final) or not any(map(_cached_tokens, served)):
        yield Inconclusive("the cache was neither written nor read")
        return
    if not _are_priced(recording, profile):
        yield Inconclusive(UNPRICED)
        return
    spent, price = int(recording.facts["spent_nanousd"]), profile.prices[_model(served[0])]
    if None not in (price.cache_read, price.cache_write):
        owed = sum(_owed(exchange, profile.prices) for exchange in served)
        if spent != owed:
            yield Violation("spent", dollars(owed), dollars(spent))
        return
    most = sum(round(_dearest(exchange, price)) for exchange in served)
    if spent > most:
        yield Violation("spent", f"at most {dollars(most)}", dollars(spent))


def _cached_tokens(exchange: Exchange) -> int:
    usage = messages.usage(exchange)
    names = ("cache_creation_input_tokens", "cache_read_input_tokens")
    return sum(int(usage.get(name) or 0) for name in names)


_DEAREST = 2
"""Keeping a prefix for an hour costs twice the input price; nothing of a cache costs more."""


def _dearest(exchange: Exchange, price: Price) -> float:
    usage, cached = messages.usage(exchange), _cached_tokens(exchange)
    fresh = int(usage.get("input_tokens") or 0)
    output = int(usage.get("output_tokens") or 0)
    return 1000 * ((fresh + _DEAREST * cached) * price.input + output * price.output)


UNPRICED = "the profile has no price for the model"


def _are_priced(recording: Recording, profile: Profile) -> bool:
    return all(_model(exchange) in profile.prices for exchange in recording.final)


def is_served(exchange: Exchange) -> bool:
    """Whether the answer is a success."""
    return 200 <= exchange.status < 300


def charges_of(recording: Recording, exchange: Exchange) -> list[Mapping[str, Any]]:
    """The charges under the request id of an answer.

    Where they name no request at all, they are those of the only one that was sent.
    """
    names, charges = ("request-id", "x-request-id"), recording.facts.get("charges", ())
    ids = {exchange.answer.header(name) for name in names} - {None}
    if len(recording.final) == 1 and not any(row["request_id"] for row in charges):
        return list(charges)
    return [row for row in charges if row["request_id"] in ids]


def _owed(exchange: Exchange, prices: Mapping[str, Price]) -> int:
    """Usage x price: dollars per million tokens are thousands of nano-dollars per token."""
    price = prices[_model(exchange)]
    return round(sum(1000 * count * rate for count, rate in _priced(exchange, price)))


def _priced(exchange: Exchange, price: Price) -> Iterator[tuple[int, float]]:
    """Counts of tokens with the rate of each; cached input is never in `input_tokens`."""
    if exchange.protocol is Protocol.ANTHROPIC:
        usage = messages.usage(exchange)
        for name, rate in _RATES.items():
            yield int(usage.get(name) or 0), rate(price)
        return
    counted = chat.usages(exchange)[-1][1] if chat.usages(exchange) else {}
    yield int(counted.get("prompt_tokens") or 0), price.input
    yield int(counted.get("completion_tokens") or 0), price.output


_RATES: Mapping[str, Callable[[Price], float]] = {
    "input_tokens": lambda price: price.input,
    "cache_creation_input_tokens": lambda price: price.writing,
    "cache_read_input_tokens": lambda price: price.reading,
    "output_tokens": lambda price: price.output,
}
"""What each count of Anthropic's usage costs."""


def _prompt_tokens(recording: Recording, exchange: Exchange) -> int:
    counted = [row["usage"].get("input_tokens", 0) for row in charges_of(recording, exchange)]
    return max(messages.input_tokens(exchange), *map(int, counted), 0)


def _model(exchange: Exchange) -> str:
    return str(exchange.request.json.get("model"))


def _budget(exchange: Exchange) -> int:
    return chat.budget(exchange) or 0


def _listed(amounts: Iterable[int]) -> str:
    return ", ".join(map(dollars, amounts))


def dollars(nanousd: int) -> str:
    """An amount in US dollars, without needless zeros."""
    return f"${nanousd / 1_000_000_000:.9f}".rstrip("0").rstrip(".")
