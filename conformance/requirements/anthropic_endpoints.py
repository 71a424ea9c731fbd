"""ANT-CNT and -MDL: token counts and the model list."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from conformance.kinds import Kind
from conformance.model import Exchange, Findings, Inconclusive, Level, Recording, Violation
from conformance.profile import Profile
from conformance.registry import requirement
from conformance.requirements.errors import refused
from conformance.shapes import matches, mismatches

COUNT = "anthropic-count"
MODELS = "anthropic-models"
MISCOUNTED, UNLISTED = "wrong-bill", "answer-unreadable"
NEARLY = 0.2
"""A count may differ from the usage by this part of it."""
SLACK_TOKENS = 3
"""And by this many tokens, which are more than a part of a short question."""
DISCOVERY_S = 3.0
"""How long Claude Code waits for the model list."""
_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


def _words(exchange: Exchange) -> str:
    return f"{exchange.status}: {' '.join(exchange.answer.text.split())[:160]}"


@requirement("ANT-CNT-001", on=COUNT, symptom=MISCOUNTED)
def tokens_are_counted(recording: Recording) -> Findings:
    """`count_tokens` answers 200 with an integer `input_tokens` above 0."""
    for exchange in recording.final:
        if exchange.status != 200:
            yield Violation("status", "200", _words(exchange), exchange=exchange.id)
        else:
            for found in mismatches(exchange.answer.json, "ANT-CNT-001"):
                yield Violation(found.where, found.expected, found.actual, exchange=exchange.id)


@requirement("ANT-CNT-002", on=COUNT, symptom=MISCOUNTED, needs=("ANT-CNT-001",))
def systems_and_tools_are_counted(recording: Recording) -> Findings:
    """A system prompt or a tool raises the count."""
    bare, _, *more = recording.final
    for exchange in more:
        what = "a system prompt" if "system" in exchange.request.json else "a tool"
        less, found = _counted(bare), _counted(exchange)
        if found <= less:
            expected = f"more than {less} with {what}"
            yield Violation("body.input_tokens", expected, str(found), exchange=exchange.id)


def _counted(exchange: Exchange) -> int:
    return int(exchange.answer.object["input_tokens"])


@requirement(
    "ANT-CNT-003",
    on=("anthropic-plain", COUNT),
    symptom=MISCOUNTED,
    needs=("ANT-CNT-001", "ANT-EP-001"),
)
def counts_are_those_of_the_usage(recording: Recording, seen: dict[str, str]) -> Findings:
    """A count is within 20 % of the input that the same question is charged for."""
    if recording.scenario != COUNT:
        seen["charged"] = str(_charged(recording.last.answer.object.get("usage")))
        return
    charged, counted = int(seen.get("charged", "0")), _counted(recording.final[0])
    if not charged:
        yield Inconclusive("the answer does not say what its input was")
    elif abs(counted - charged) > max(SLACK_TOKENS, NEARLY * charged):
        expected = f"about {charged}, as usage says"
        yield Violation("body.input_tokens", expected, str(counted), exchange=recording.final[0].id)


def _charged(usage: object) -> int:
    """All input tokens of a usage, cached ones too; 0 where it does not say."""
    names = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
    found = [usage.get(name) for name in names] if isinstance(usage, Mapping) else []
    return sum(tokens for tokens in found if isinstance(tokens, int))


@requirement("ANT-CNT-004", on="anthropic-count-refused", symptom="errors-unreadable")
def refused_counts_are_errors(recording: Recording, profile: Profile) -> Findings:
    """`count_tokens` refuses a wrong key with 401, an unknown model, and no messages with 400."""
    for exchange in recording.final:
        if exchange.credential == "wrong":
            yield from _unless(exchange, 401)
        elif "messages" not in exchange.request.json:
            yield from _unless(exchange, 400)
        else:
            for found in refused(exchange, profile.expect["unknown_model"]):
                is_note = isinstance(found, Violation) and found.level is Level.MAY
                yield from () if is_note else (found,)


def _unless(exchange: Exchange, status: int) -> Findings:
    if exchange.status != status:
        yield Violation("status", str(status), _words(exchange), exchange=exchange.id)


@requirement("ANT-CNT-005", on=COUNT, symptom="errors-unreadable", needs=("ANT-EP-001",))
def missing_counts_are_errors(recording: Recording) -> Findings:
    """`count_tokens`, where it is not implemented, answers 404 or 501 in the error envelope."""
    first = recording.final[0]
    if first.status == 200:
        return
    if first.status not in (404, 501):
        yield Violation("status", "200, or 404 or 501", _words(first), exchange=first.id)
    elif not matches(first.answer.json, "ANT-ERR-001"):
        yield Violation("body", "the error envelope", _words(first), exchange=first.id)


def _entries(exchange: Exchange) -> list[dict[str, Any]]:
    data = exchange.answer.object.get("data")
    return [e for e in data if isinstance(e, dict)] if isinstance(data, list) else []


@requirement("ANT-MDL-001", on=MODELS, symptom=UNLISTED)
def models_are_listed(recording: Recording) -> Findings:
    """`GET /v1/models` answers 200 with a `data` array of entries that have an `id`."""
    first = recording.final[0]
    if first.status != 200:
        yield Violation("status", "200", _words(first), exchange=first.id)
        return
    for found in mismatches(first.answer.json, "ANT-MDL-001"):
        yield Violation(found.where, found.expected, found.actual, exchange=first.id)
    yield from _unlike_the_vendor(first)


def _unlike_the_vendor(exchange: Exchange) -> Findings:
    """What a list in OpenAI's form lacks: reported, since clients live with it."""
    listed = exchange.answer.object
    lacking = [name for name in ("has_more", "first_id", "last_id") if name not in listed]
    for entry in _entries(exchange)[:1]:
        created = str(entry.get("created_at"))
        lacking += [name for name in ("type", "display_name") if name not in entry]
        lacking += [] if _RFC_3339.fullmatch(created) else ["created_at"]
    if lacking:
        missing = f"not {', '.join(lacking)}"
        yield Violation("body", "the vendor's keys", missing, Level.SHOULD, exchange.id)


@requirement("ANT-MDL-002", on=Kind.ANTHROPIC_MODEL_LIST, symptom=UNLISTED)
def last_pages_say_so(exchange: Exchange) -> Findings:
    """A list with `last_id` has a boolean `has_more`, which is false on the last page."""
    listed = exchange.answer.object
    if listed.get("last_id") is None:
        return
    has_more = listed.get("has_more")
    if not isinstance(has_more, bool):
        shown = "absent" if has_more is None else repr(has_more)
        yield Violation("body.has_more", "a boolean, as there is a last_id", shown)
    elif has_more and "limit=1000" in exchange.request.url and len(_entries(exchange)) < 1000:
        yield Violation("body.has_more", "false on the last page", "true")


@requirement("ANT-MDL-003", on=MODELS, symptom=UNLISTED, needs=("ANT-MDL-001", "ANT-MDL-002"))
def pages_are_as_asked(recording: Recording) -> Findings:
    """`limit`, `after_id` and `before_id` select the entries of a page."""
    whole, *pages = recording.final
    ids = [str(entry.get("id")) for entry in _entries(whole)]
    wanted = [ids[:1], ids[1:2], ids[:1]]
    for exchange, expected in zip(pages, wanted, strict=False):
        found = [str(entry.get("id")) for entry in _entries(exchange)]
        if found != expected:
            shown = ", ".join(found[:3]) or "none"
            yield Violation("body.data", f"only {''.join(expected)}", shown, exchange=exchange.id)
        else:
            yield from _ends(exchange, expected)
    if len(ids) > 1 and not pages[0].answer.object.get("has_more"):
        yield Violation("body.has_more", "true", "not true", exchange=pages[0].id)


def _ends(exchange: Exchange, ids: list[str]) -> Findings:
    for name in ("first_id", "last_id"):
        found = exchange.answer.object.get(name)
        if ids and found != ids[0]:
            yield Violation(f"body.{name}", ids[0], str(found), exchange=exchange.id)


@requirement("ANT-MDL-004", on="anthropic-model", symptom=UNLISTED, needs=("ANT-MDL-001",))
def single_models_are_shown(recording: Recording) -> Findings:
    """`GET /v1/models/{id}` answers one entry, and 404 for an unknown id."""
    known, unknown = recording.final
    if known.status != 200:
        yield Violation("status", "200", _words(known), exchange=known.id)
    elif not isinstance(known.answer.object.get("id"), str):
        yield Violation("body", "an entry with an id", _words(known), exchange=known.id)
    yield from _unless(unknown, 404)


@requirement("ANT-MDL-006", on=MODELS, symptom=UNLISTED, needs=("ANT-MDL-001",))
def models_are_discovered_at_once(recording: Recording) -> Findings:
    """`GET /v1/models?limit=1000` answers within 3 s, the newest model first."""
    first = recording.final[0]
    if first.answer.ended_at_s > DISCOVERY_S:
        taken = f"{first.answer.ended_at_s:.1f} s"
        yield Violation("response", "an answer within 3 s", taken, exchange=first.id)
    times = [entry.get("created_at") for entry in _entries(first)]
    known = [time for time in times if isinstance(time, str) and _RFC_3339.fullmatch(time)]
    if known != sorted(known, reverse=True):
        yield Violation("body.data", "the newest first", "another order", exchange=first.id)


_TYPES: Mapping[str, tuple[type, ...]] = {
    "capabilities": (dict, list),
    "max_input_tokens": (int,),
    "max_tokens": (int,),
    "lifecycle": (str, dict),
    "line": (str,),
    "deprecated_at": (str,),
    "retires_at": (str,),
}


@requirement("ANT-MDL-007", on=MODELS, symptom=UNLISTED, needs=("ANT-MDL-001",))
def further_facts_are_typed(recording: Recording) -> Findings:
    """What else an entry says of its model has the vendor's types."""
    first = recording.final[0]
    for index, entry in enumerate(_entries(first)):
        for name, types in _TYPES.items():
            value = entry.get(name)
            if value is not None and not isinstance(value, types):
                where = f"body.data[{index}].{name}"
                yield Violation(where, types[0].__name__, repr(value)[:80], exchange=first.id)
