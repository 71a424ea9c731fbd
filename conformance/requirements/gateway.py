"""GW-AUTH, -CAP, -MODEL, -PAR, -SSE: what a gateway promises on top of the protocols."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from conformance import chat, messages
from conformance.kinds import Kind, Protocol
from conformance.model import Exchange, Findings, Inconclusive, Level, Recording, Violation
from conformance.profile import Profile
from conformance.redaction import credentials_in
from conformance.registry import RUN, requirement
from conformance.requirements.anthropic import UNSERVED, not_let_in
from conformance.requirements.errors import not_streamed, refused, unauthorised

PLAIN = ("ANT-EP-001", "OAI-HTTP-001")


@requirement("GW-AUTH-006", on=("anthropic-vendor-key", "openai-vendor-key"), symptom="401")
def vendor_keys_are_refused(recording: Recording) -> Findings:
    """A vendor's own key is answered with 401."""
    yield from unauthorised(recording)


@requirement("GW-AUTH-007", on=("anthropic-revoked-key", "openai-revoked-key"), symptom="401")
def revoked_keys_are_refused(recording: Recording) -> Findings:
    """A revoked key is answered with 401 from the next request on."""
    yield from unauthorised(recording)


@requirement("GW-AUTH-008", on=(Kind.ANTHROPIC_ERROR, Kind.OPENAI_ERROR), symptom="key-leak")
def errors_never_echo_the_credential(exchange: Exchange) -> Findings:
    """No error echoes the whole credential, neither in its body nor in a header."""
    answer = exchange.answer
    texts = [answer.text, *(value for _, value in answer.headers)]
    for role, part in credentials_in(texts):
        if part == "whole":
            yield Violation("answer", "no credential", f"the {role} key, whole")


@requirement(
    "GW-AUTH-009",
    on="anthropic-empty-x-api-key",
    symptom="401",
    needs=("ANT-EP-001", "ANT-AUTH-002"),
)
def empty_x_api_key_is_ignored(recording: Recording) -> Findings:
    """An empty `x-api-key` beside a valid Bearer is accepted."""
    last = recording.last
    if last.status == 400:
        yield Violation("status", "200", "400", exchange=last.id)
    yield from not_let_in(last, "authorization, beside an empty x-api-key")


@requirement(
    "GW-CAP-001", on="anthropic-capped", symptom="402", needs=("ANT-EP-001",), expects_429=True
)
def spent_cap_is_refused_on_messages(recording: Recording, profile: Profile) -> Findings:
    """A key whose spend cap is used up is refused on `/v1/messages`."""
    yield from _refused_for_money(recording.last, profile)


@requirement(
    "GW-CAP-002",
    on=("anthropic-broke", "openai-broke"),
    symptom="402",
    needs=PLAIN,
    expects_429=True,
)
def empty_account_is_refused(recording: Recording, profile: Profile) -> Findings:
    """A key of an account without balance is refused, on both protocols."""
    yield from _refused_for_money(recording.last, profile)


@requirement(
    "GW-CAP-003", on="openai-capped", symptom="402", needs=("OAI-HTTP-001",), expects_429=True
)
def spent_cap_is_refused_on_chat(recording: Recording, profile: Profile) -> Findings:
    """A key whose spend cap is used up is refused on `/chat/completions`."""
    yield from _refused_for_money(recording.last, profile)


@requirement(
    "GW-CAP-004",
    on=("anthropic-capped-stream", "openai-capped-stream"),
    symptom="402",
    needs=PLAIN,
    expects_429=True,
)
def spent_cap_is_no_stream(recording: Recording, profile: Profile) -> Findings:
    """A spent cap is a JSON error before any event, also with `stream: true`."""
    yield from not_streamed(recording.last)
    wanted = profile.expect["spent_cap"].statuses
    if recording.last.status >= 400 and recording.last.status not in wanted:
        expected = " or ".join(map(str, sorted(wanted)))
        yield Violation("status", expected, str(recording.last.status))


def _refused_for_money(exchange: Exchange, profile: Profile) -> Findings:
    yield from refused(exchange, profile.expect["spent_cap"])


@requirement(
    "GW-CAP-006",
    on=(
        "anthropic-capped",
        "anthropic-capped-stream",
        "openai-capped",
        "openai-capped-stream",
        "anthropic-broke",
        "openai-broke",
    ),
    symptom="retry-on-money",
    expects_429=True,
)
def money_is_not_offered_for_retry(recording: Recording) -> Findings:
    """A refusal for money has no `retry-after` and no `x-should-retry: true`."""
    for exchange in recording.final:
        answer = exchange.answer
        if exchange.status < 400:
            yield Inconclusive("the request was not refused")
            continue
        if answer.header("retry-after") is not None:
            actual = str(answer.header("retry-after"))
            yield Violation("headers.retry-after", "absent", actual, exchange=exchange.id)
        if (answer.header("x-should-retry") or "").lower() == "true":
            where = "headers.x-should-retry"
            yield Violation(where, "absent or false", "true", exchange=exchange.id)


@requirement(
    "GW-MODEL-003",
    on=("anthropic-miscased-model", "openai-miscased-model"),
    symptom="model-not-supported",
    needs=(*PLAIN, "ANT-EP-005", "OAI-VAL-007"),
)
def case_matters(recording: Recording, profile: Profile) -> Findings:
    """A model name in the wrong case is an unknown model."""
    yield from refused(recording.last, profile.expect["unknown_model"])


@requirement(
    "GW-MODEL-004",
    on=("anthropic-unprovisioned-model", "openai-unprovisioned-model"),
    symptom="no-upstream-key",
    needs=PLAIN,
)
def unprovisioned_models_are_unavailable(recording: Recording, profile: Profile) -> Findings:
    """A known model without an upstream key is answered with 503."""
    yield from refused(recording.last, profile.expect["unprovisioned_model"])


@requirement(
    "GW-PAR-005",
    on=RUN,
    symptom="wrong-bill",
    needs=(
        *PLAIN,
        "ANT-USE-001",
        "ANT-USE-003",
        "ANT-STR-001",
        "ANT-STR-013",
        "OAI-CHAT-014",
        "OAI-STREAM-027",
        "OAI-STREAM-015",
    ),
)
def input_tokens_agree(recordings: Mapping[str, Recording]) -> Findings:
    """The input tokens of one prompt agree between the protocols, and with and without stream."""
    counts: dict[str, dict[str, int]] = {}
    for name, count in _COUNTED.items():
        if name in recordings and _is_counted(recordings[name]):
            exchange = recordings[name].last
            model = str(exchange.request.json.get("model"))
            counts.setdefault(model, {})[name] = count(exchange)
    if not any(len(of_model) > 1 for of_model in counts.values()):
        yield Inconclusive("no two answers to one prompt by one model")
    for model, of_model in counts.items():
        if len(set(of_model.values())) > 1:
            shown = ", ".join(f"{name} {count}" for name, count in of_model.items())
            yield Violation("usage", f"one input count for one prompt to {model}", shown)


def _chat_input(exchange: Exchange) -> int:
    counts = [usage.get("prompt_tokens") for _, usage in chat.usages(exchange)]
    return max((count for count in counts if isinstance(count, int)), default=0)


_COUNTED: dict[str, Callable[[Exchange], int]] = {
    "anthropic-plain": messages.input_tokens,
    "anthropic-stream-bearer": messages.input_tokens,
    "openai-plain": _chat_input,
    "openai-stream": _chat_input,
}
"""The scenarios that ask the same question, and how each protocol counts its input."""


def _is_counted(recording: Recording) -> bool:
    """Whether there is an answer that counts; a chat answer may come without usage."""
    if not recording.final or recording.last.status != 200:
        return False
    return recording.last.protocol is Protocol.ANTHROPIC or bool(chat.usages(recording.last))


def _text(exchange: Exchange) -> str:
    read = messages.text if exchange.protocol is Protocol.ANTHROPIC else chat.text
    return read(exchange)


@requirement(
    "GW-SSE-005",
    on=("anthropic-stream", "openai-stream-without-usage"),
    symptom="stream-lost-text",
    needs=("ANT-STR-001", "ANT-STR-003", "ANT-STR-004", "OAI-STREAM-027", "OAI-SSE-002"),
)
def characters_stay_whole(recording: Recording) -> Findings:
    """Emoji and CJK come through a stream whole: no U+FFFD, no half surrogate, no mojibake."""
    if not recording.served(streamed=True):
        yield Inconclusive(UNSERVED)
        return
    text = _text(recording.last)
    broken = [c for c in text if c == "\ufffd" or "\ud800" <= c <= "\udfff"]
    if broken:
        yield Violation("events", "whole characters", f"{len(broken)} broken characters")
    elif _has_token(_read_as_latin_1(text)):
        yield Violation("events", "the characters asked for", f"mojibake: {text[:60]}")
    elif not text.strip():
        yield Violation("events", "the text asked for", "a stream without any text")
    elif not _has_token(text):
        yield Inconclusive("the model repeated none of the characters")


_TOKENS = ("東京", "🦊", "👩‍👩‍👧‍👦", "🇫🇷")
"""Parts of the text that the scenarios ask to be repeated."""


def _has_token(text: str) -> bool:
    return any(token in text for token in _TOKENS)


def _read_as_latin_1(text: str) -> str:
    """What a text was before its UTF-8 bytes were taken for Latin-1; empty if that cannot be."""
    return text.encode("latin-1", errors="ignore").decode("utf-8", errors="ignore")


@requirement(
    "GW-SSE-006",
    on=(
        "anthropic-stream",
        "anthropic-stream-bearer",
        "openai-stream",
        "openai-stream-without-usage",
    ),
    symptom="stream-buffered",
    needs=("ANT-STR-001", "OAI-STREAM-027"),
)
def streams_are_not_stored(recording: Recording) -> Findings:
    """A stream has no `content-length` and may not be cached."""
    streams = recording.served(streamed=True)
    if not streams:
        yield Inconclusive(UNSERVED)
    for exchange in streams:
        answer, id = exchange.answer, exchange.id
        if answer.header("content-length") is not None:
            yield Violation("headers.content-length", "absent", "present", exchange=id)
        found = answer.header("cache-control")
        if found and not {"no-cache", "no-store", "private"} & set(_directives(found)):
            yield Violation("headers.cache-control", "no-cache", found, exchange=id)
        elif not found:
            yield Violation("headers.cache-control", "no-cache", "absent", Level.SHOULD, id)


def _directives(header: str) -> list[str]:
    return [part.strip().partition("=")[0].lower() for part in header.split(",")]
