"""What real clients do at a gateway with such a failure, from what was measured of them.

A requirement leads to the faults that break it, and these to what clients did under them.
A client stands there with the worst that it did. What was not measured says nothing.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from conformance.catalogue import kills
from conformance.clients import catalogue
from conformance.impact import Effect, Impacts, Sighting, impacts
from conformance.kinds import Protocol
from conformance.registry import requirements
from conformance.report.symptoms import Seen

HEADINGS: Mapping[Effect, str] = {
    Effect.SILENT: "Wrong result, no error",
    Effect.LOOP: "Asks again without end",
    Effect.HANG: "Waits too long, or tries again for too long",
    Effect.ERROR: "Error",
    Effect.REPEATED: "Right result, with more requests",
    Effect.NONE: "Right result",
}
"""Each effect in words, the worst first."""

_SUMMARY: Mapping[Effect, tuple[str, str]] = {
    Effect.SILENT: ("takes a wrong result for right", "take a wrong result for right"),
    Effect.LOOP: ("loops", "loop"),
    Effect.HANG: ("hangs", "hang"),
    Effect.ERROR: ("shows an error", "show an error"),
    Effect.REPEATED: ("pays for more requests", "pay for more requests"),
    Effect.NONE: ("is not affected", "are not affected"),
}
_WRONG = {
    "text empty": "no text",
    "text cut": "cut text",
    "text wrong": "wrong text",
    "tool call lost": "a tool call lost",
    "tool arguments wrong": "wrong tool arguments",
    "thinking": "wrong thinking",
    "tokens": "wrong count of tokens",
    "stop": "wrong stop reason",
    "usage": "wrong usage",
    "no error": "no error where one is due",
}
_TASKS = {"wrong_key": "401", "unknown_model": "model-not-supported", "broken": "stream-cut"}
"""The symptoms that a sound gateway shows too: there the client's own words are the same."""

_PROTOCOLS = {"ANT": (Protocol.ANTHROPIC,), "OAI": (Protocol.OPENAI,)}
"""What a requirement of one protocol is about; the others are about both."""

MOST_QUOTED = 8

_MAJOR = re.compile(r", \d+\.x$")


@dataclass(frozen=True)
class Client:
    """A client at its version, and what is to be said of it: its error text, or what is wrong."""

    name: str
    words: str = ""


@dataclass(frozen=True)
class Felt:
    """What one effect did to whom."""

    effect: Effect
    clients: tuple[Client, ...]

    @property
    def heading(self) -> str:
        """The effect in words."""
        return HEADINGS[self.effect]

    @property
    def is_quoted(self) -> bool:
        """Whether the words are the clients' own."""
        return self.effect is Effect.ERROR

    @property
    def summary(self) -> str:
        """How many clients it happened to."""
        count = len(self.clients)
        return f"{count} {_SUMMARY[self.effect][count != 1]}"


@dataclass(frozen=True)
class Consequences:
    """What clients did under the faults that break one requirement; `felt` the worst first."""

    faults: tuple[str, ...] = ()
    felt: tuple[Felt, ...] = ()

    @property
    def summary(self) -> str:
        """All of it in a line."""
        return ", ".join(felt.summary for felt in self.felt)


def consequences(id: str, known: Impacts | None = None) -> Consequences:
    """What real clients did where this requirement was broken; empty where nobody tried."""
    known = impacts() if known is None else known
    spoken = _PROTOCOLS.get(id.partition("-")[0], tuple(Protocol))
    seen = {
        slug: [sighting for sighting in known.under([slug]) if sighting.protocol in spoken]
        for slug in kills().get(id, ())
    }
    faults = tuple(slug for slug in seen if seen[slug])
    worst: dict[str, list[Sighting]] = {}
    for sighting in (sighting for slug in faults for sighting in seen[slug]):
        before = worst.setdefault(sighting.client, [sighting])
        if sighting.effect.rank > before[0].effect.rank:
            worst[sighting.client] = [sighting]
        elif sighting.effect is before[0].effect and sighting is not before[0]:
            before.append(sighting)
    return Consequences(faults, _felt(worst, known.versions))


def _felt(worst: Mapping[str, list[Sighting]], versions: Mapping[str, str]) -> tuple[Felt, ...]:
    by_effect: dict[Effect, list[Client]] = defaultdict(list)
    for name, version in versions.items():
        if seen := worst.get(name):
            by_effect[seen[0].effect].append(Client(_title(name, version), _words(seen)))
    return tuple(Felt(e, tuple(by_effect[e])) for e in HEADINGS if e in by_effect)


def _words(seen: list[Sighting]) -> str:
    """What is said of the same effect in several tasks and under several faults."""
    words = _most_common(sighting.words for sighting in seen)
    if seen[0].effect is not Effect.SILENT:
        return words
    return ", ".join(_WRONG.get(part, part) for part in words.split(", "))


def quoted(symptom: str, known: Impacts | None = None) -> tuple[Seen, ...]:
    """What clients themselves say under the faults that show this symptom, each text once."""
    known = impacts() if known is None else known
    seen = [s for s in known.sound.seen if _TASKS.get(s.task) == symptom]
    seen += known.under(slug for slug in known.faults if symptom_of(slug) == symptom)
    texts: dict[str, Counter[str]] = defaultdict(Counter)
    for sighting in seen:
        if sighting.effect is Effect.ERROR:
            texts[sighting.client][sighting.words] += 1
    by_words: dict[str, list[str]] = defaultdict(list)
    for name, version in known.versions.items():
        if name in texts:
            by_words[_most_common(texts[name].elements())].append(_title(name, version))
    rows = [Seen(", ".join(clients), words) for words, clients in by_words.items()]
    return tuple(rows[:MOST_QUOTED])


@cache
def symptom_of(slug: str) -> str:
    """The symptom of most requirements that a fault breaks; empty where it breaks none."""
    broken = [id for id, slugs in kills().items() if slug in slugs and id in requirements()]
    return _most_common(requirements()[id].symptom for id in broken)


def _most_common(texts: Iterable[str]) -> str:
    found = Counter(texts).most_common(1)
    return found[0][0] if found else ""


def _title(name: str, version: str) -> str:
    """`Anthropic SDK for Python 2.12.0`."""
    known = catalogue.catalogue().clients.get(name)
    return f"{re.sub(_MAJOR, '', known.title) if known else name} {version}"
