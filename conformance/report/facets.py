"""What the filters of the page go by: outcome, protocol, area and symptom, as words.

Each facet is a list of words with a space between, as an attribute of the page holds it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from conformance.catalogue import catalogue
from conformance.model import Exchange, Outcome, Verdict
from conformance.report.findings import symptom_of

PROTOCOLS = ("anthropic", "openai")
_OF_PREFIX = {"ANT": ("anthropic",), "OAI": ("openai",)}
_NOT_AREAS = frozenset({*PROTOCOLS, "ctrl"})


@dataclass(frozen=True)
class Facets:
    """The words of one verdict, or of one exchange."""

    outcome: str
    protocol: str
    area: str
    symptom: str


def of_verdict(verdict: Verdict, exchanges: Mapping[str, Exchange]) -> Facets:
    """A rule about both protocols is one of those in which it is broken, if it is."""
    return Facets(
        outcome=" ".join((verdict.outcome, *_plain(verdict.flags))),
        protocol=" ".join(protocols_of(verdict, exchanges)),
        area=" ".join(areas_of(verdict.requirement)),
        symptom=symptom_of(verdict.requirement).slug,
    )


def of_exchange(exchange: Exchange, notes: Iterable[tuple[str, str]]) -> Facets:
    """Those of the requirements that object to it; `notes` are (requirement, outcome)."""
    said = tuple(dict.fromkeys(notes))
    ids = tuple(id for id, _ in said)
    return Facets(
        outcome=_joined((outcome,) for _, outcome in said) or str(Outcome.PASS),
        protocol=str(exchange.protocol or ""),
        area=_joined(areas_of(id) for id in ids),
        symptom=_joined((symptom_of(id).slug,) for id in ids),
    )


def protocols_of(verdict: Verdict, exchanges: Mapping[str, Exchange]) -> tuple[str, ...]:
    """The protocols that a verdict is about."""
    own = _OF_PREFIX.get(verdict.requirement.partition("-")[0])
    if own:
        return own
    broken = (exchanges.get(violation.exchange) for violation in verdict.violations)
    seen = {str(exchange.protocol) for exchange in broken if exchange and exchange.protocol}
    return tuple(name for name in PROTOCOLS if name in seen) or PROTOCOLS


def areas_of(id: str) -> tuple[str, ...]:
    """The subjects of a requirement as the catalogue has them, protocols left out."""
    entry = catalogue().get(id)
    return tuple(word for word in entry.scope if word not in _NOT_AREAS) if entry else ()


def _plain(flags: Iterable[str]) -> tuple[str, ...]:
    return tuple(flag for flag in flags if ":" not in flag and " " not in flag)


def _joined(groups: Iterable[Iterable[str]]) -> str:
    return " ".join(dict.fromkeys(word for group in groups for word in group))
