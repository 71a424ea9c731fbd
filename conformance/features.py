"""Reading recordings that ask for many features: which exchange shows which."""

from __future__ import annotations

from dataclasses import replace

from conformance.model import Exchange, Findings, Inconclusive, Recording, Violation


def exchange_of(recording: Recording, feature: str) -> Exchange | None:
    """The exchange that shows a feature; None where it was not asked for."""
    shown = recording.facts.get("features", {}).get(feature)
    return next((exchange for exchange in recording.final if exchange.id == shown), None)


def showing(recording: Recording, feature: str) -> Recording:
    """The recording as far as it shows a feature; all of it where it knows of none."""
    exchange = exchange_of(recording, feature) if feature else None
    return replace(recording, exchanges=(exchange,)) if exchange else recording


def refusals(recording: Recording, *features: str) -> Findings:
    """A violation for each of the features that is refused when it is asked for alone."""
    shown = {feature: exchange_of(recording, feature) for feature in features}
    for feature, exchange in shown.items():
        if exchange is not None and not 200 <= exchange.status < 300:
            yield refused(exchange, feature)
    if not any(shown.values()):
        yield Inconclusive("the profile does not claim what this is about")
    elif is_refused_together(recording):
        words = quoted(recording.final[0])
        yield Inconclusive(f"each feature is accepted alone, all together are not: {words}")


def is_refused_together(recording: Recording) -> bool:
    """Whether all features together were refused, and each of them alone was not."""
    first, *alone = recording.final
    return bool(alone) and first.status >= 400 and all(each.status < 300 for each in alone)


def refused(exchange: Exchange, feature: str) -> Violation:
    """What is wrong where a valid request is not answered, in the target's own words."""
    return Violation("status", f"200 with {feature}", quoted(exchange), exchange=exchange.id)


def quoted(exchange: Exchange) -> str:
    """The status of an exchange, and what the target said with it."""
    if exchange.response is None:
        return f"no response: {exchange.failure.detail if exchange.failure else ''}"
    words = " ".join(exchange.response.text.split())[:240]
    return f"{exchange.status}: {words}" if words else f"{exchange.status} without a body"
