"""GW-MODEL: the catalogue answers under its names, and nothing else does."""

from __future__ import annotations

import re
from typing import Any

from conformance import chat, messages
from conformance.kinds import Kind
from conformance.model import Exchange, Findings, Level, Recording, Violation
from conformance.profile import Profile
from conformance.registry import requirement

PLAIN = ("ANT-EP-001", "OAI-HTTP-001")
_ANSWERS = (
    Kind.ANTHROPIC_MESSAGE,
    Kind.ANTHROPIC_STREAM,
    Kind.OPENAI_COMPLETION,
    Kind.OPENAI_STREAM,
)
_HOSTILE = ("hostile-models-messages", "hostile-models-chat")
_DATED = re.compile(r"(-latest|[-@]\d{4,8}|-\d{4}-\d{2}-\d{2}|-\d{2}-\d{4}|:[\w.-]+|-v\d+(:\d+)?)$")


@requirement(
    "GW-MODEL-001",
    on=("catalogue-messages", "catalogue-chat"),
    symptom="model-not-supported",
    needs=PLAIN,
)
def every_model_answers(recording: Recording) -> Findings:
    """Every model of the catalogue answers, under its bare and under its prefixed name."""
    for exchange in recording.final:
        if not 200 <= exchange.status < 300:
            name = exchange.request.json.get("model")
            words = " ".join(exchange.answer.text.split())[:120]
            actual = f"{exchange.status} for {name}: {words}"
            yield Violation("status", "200", actual, exchange=exchange.id)


def names_a_model(exchange: Exchange) -> bool:
    """Whether the request says which model it wants."""
    return isinstance(exchange.request.json.get("model"), str)


@requirement("GW-MODEL-006", on=_ANSWERS, when=names_a_model, symptom="model-swapped", needs=PLAIN)
def the_model_asked_for_answers(exchange: Exchange, profile: Profile) -> Findings:
    """`model` in the answer is the one asked for or its dated name, the same in every chunk.

    Another model of the catalogue is a swap. A name that the catalogue does not know may be
    the upstream's own for an alias, and is a warning.
    """
    asked, told = str(exchange.request.json.get("model")), _told(exchange)
    if len(set(told)) > 1:
        shown = ", ".join(sorted(set(told)))
        yield Violation("events", "one model in every chunk", shown)
    for name in dict.fromkeys(told):
        if _canonical(name) in (_canonical(asked), _canonical(_unrouted(asked))):
            continue
        known = {_canonical(model) for model in profile.chat_models}
        level = None if _canonical(name) in known else Level.SHOULD
        yield Violation("model", f"{asked} or its dated name", name, level)


def _told(exchange: Exchange) -> list[str]:
    """Every model that the answer names."""
    found: list[Any] = []
    if exchange.kind is Kind.ANTHROPIC_STREAM:
        starts = messages.events_of(exchange, "message_start")
        found = [data["message"].get("model") for _, data in starts if _is_object(data, "message")]
    elif exchange.kind is Kind.OPENAI_STREAM:
        found = [chunk.get("model") for _, chunk in chat.chunks(exchange)]
    else:
        found = [exchange.answer.object.get("model")]
    return [name for name in found if isinstance(name, str) and name]


def _is_object(holder: dict[str, Any], name: str) -> bool:
    return isinstance(holder.get(name), dict)


def _unrouted(name: str) -> str:
    """A model's name without the provider that some gateways put before a colon."""
    return name.partition(":")[2] or name


def _canonical(name: str) -> str:
    """A model's name without provider prefix, date and `-latest`."""
    return _DATED.sub("", name.rpartition("/")[2].casefold())


@requirement(
    "GW-MODEL-007",
    on=(Kind.OPENAI_MODEL_LIST, Kind.ANTHROPIC_MODEL_LIST),
    when=lambda exchange: "limit=" not in exchange.request.url,
    symptom="models-unlisted",
)
def the_catalogue_is_listed(exchange: Exchange, profile: Profile) -> Findings:
    """`GET /models` lists every model of the catalogue, in the shape of the protocol asked."""
    listed = exchange.answer.object.get("data")
    listed = listed if isinstance(listed, list) else []
    entries = [entry for entry in listed if isinstance(entry, dict)]
    if not entries:
        yield Violation("body.data", "a list of models", "no entry")
        return
    names = {_canonical(str(entry.get("id"))) for entry in entries}
    missing = [name for name in profile.chat_models if _canonical(name) not in names]
    if missing:
        yield Violation("body.data", f"an entry for {', '.join(missing)}", "none")
    marked = [entry for entry in entries if entry.get("type" if _is_ant(exchange) else "object")]
    if not marked:
        expected = "type: model" if _is_ant(exchange) else "object: model"
        yield Violation("body.data[*]", expected, "entries of another shape")


def _is_ant(exchange: Exchange) -> bool:
    return exchange.kind is Kind.ANTHROPIC_MODEL_LIST


@requirement("GW-MODEL-008", on=_HOSTILE, symptom="model-not-supported", needs=PLAIN)
def hostile_names_are_refused(recording: Recording) -> Findings:
    """A model name that cannot exist gets a 4xx, never a 5xx and never an answer."""
    for exchange in recording.final:
        if not 400 <= exchange.status < 500:
            name = str(exchange.request.json.get("model"))[:40]
            actual = f"{exchange.status} for the model {name!r}"
            yield Violation("status", "4xx", actual, exchange=exchange.id)
