"""OAI-VAL: what chat completions refuse, and what they must not.

A row of the table is an id, what is true of a sound gateway, and the `param` and the
`code` that OpenAI names; the request stands under the same number in the scenarios. A
status is never the words of a message: these are not looked at (rule R3).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from conformance.model import (
    Exchange,
    Findings,
    Inconclusive,
    Level,
    NotApplicable,
    Recording,
    Violation,
)
from conformance.profile import Profile
from conformance.registry import Rule, requirement
from conformance.requirements.anthropic import unanswered

PLAIN = ("OAI-HTTP-001",)
REFUSING = ("unsupported_parameter", "unsupported_value", "unknown_parameter")
"""The codes of a target that does not know the parameter at all: as good a refusal."""

MISSING = ("missing_required_parameter",)
INVALID = ("invalid_value",)
MISTYPED = ("invalid_type",)
SCHEMA = ("invalid_function_parameters",)
_STEP = re.compile(r"\.(?=\[)|\.(\d+)(?=\.|$)")


@dataclass(frozen=True)
class Row:
    """One refusal: `param` and `codes` are empty where OpenAI names none.

    `statuses` are those of a gateway; `any_4xx` says that a vendor may use another 4xx.
    """

    id: str
    title: str
    param: str = ""
    codes: tuple[str, ...] = ()
    statuses: frozenset[int] = frozenset({400})
    any_4xx: bool = False

    @property
    def scenario(self) -> str:
        """The scenario that sends the request."""
        return f"openai-val-{self.id.removeprefix('OAI-VAL-')}"


def _row(number: str, what: str, param: str = "", codes: tuple[str, ...] = ()) -> Row:
    return Row(f"OAI-VAL-{number}", f"{what} is refused with 400.", param, codes)


def _unread(number: str, what: str) -> Row:
    """A body that cannot be read at all."""
    return Row(f"OAI-VAL-{number}", f"{what} is refused with 400.", any_4xx=True)


ROWS = (
    _unread("001", "A body of malformed JSON"),
    _unread("002", "An empty body"),
    _unread("003", "A body that is JSON but no object"),
    _row("005", "A `model` that is no string", "model", MISTYPED),
    _row("006", "An empty `model`"),
    _row("008", "A request without `messages`", "messages", MISSING),
    _row("010", "A `messages` that is no array", "messages", MISTYPED),
    _row("011", "A message that is no object", "messages[0]", MISTYPED),
    _row("012", "A message without `role`", "messages[0].role", MISSING),
    _row("013", "An unknown `role`", "messages[0].role", INVALID),
    _row("014", "A `content` that is a number", "messages[0].content", MISTYPED),
    _row("016", "A content part without `type`", "messages[0].content[0].type", MISSING),
    _row("017", "A content part of unknown `type`", "messages[0].content[0].type", INVALID),
    _row("018", "A `temperature` above 2", "temperature", ("decimal_above_max_value",)),
    _row("019", "A `temperature` that is no number", "temperature", MISTYPED),
    _row("020", "A `top_p` above 1", "top_p", ("decimal_above_max_value",)),
    _row("021", "A `presence_penalty` above 2", "presence_penalty", ("decimal_above_max_value",)),
    _row("022", "An `n` of 0", "n", ("integer_below_min_value",)),
    _row("023", "An `n` above 128", "n", ("integer_above_max_value",)),
    _row("024", "An `n` that is no integer", "n", MISTYPED),
    _row("025", "A negative `max_tokens`", "max_tokens", ("integer_below_min_value",)),
    _row(
        "026",
        "A `max_completion_tokens` of 0",
        "max_completion_tokens",
        ("integer_below_min_value",),
    ),
    _row("029", "A `stop` of five strings", "stop", ("array_above_max_length",)),
    _row("030", "A `stop` that is neither string nor array", "stop", MISTYPED),
    _row("032", "A `stream` that is no boolean", "stream", MISTYPED),
    _row("034", "A `tools` that is no array", "tools", MISTYPED),
    _row("036", "A tool without `function`", "tools[0].function", MISSING),
    _row("037", "A function without `name`", "tools[0].function.name", MISSING),
    _row("038", "A function name with a space", "tools[0].function.name", INVALID),
    _row("039", "`parameters` that are no JSON Schema", "tools[0].function.parameters", SCHEMA),
    _row("040", "`strict` with an open schema", "tools[0].function.parameters", SCHEMA),
    _row("041", "An unknown `tool_choice`", "tool_choice", INVALID),
    _row("042", "A `tool_choice` of `required` without tools", "tool_choice"),
    _row("043", "A `tool_choice` of a tool that is not offered", "tool_choice"),
    _row("044", "A `tool_choice` without `function`", "tool_choice.function", MISSING),
    _row("045", "A `tool` message without an earlier call", "messages[1].role"),
    _row("046", "A tool call that the next message does not answer", "messages[2].role"),
    _row("047", "A `tool` message without `tool_call_id`", "messages[2].tool_call_id", MISSING),
    _row("048", "A `tool_call_id` that matches no call"),
    _row("049", "An unknown `response_format`", "response_format.type", INVALID),
    _row("050", "A `top_logprobs` without `logprobs`", "top_logprobs"),
    _row("056", "A data URI that is no image", codes=("invalid_image_format",)),
    _row("057", "An image that cannot be fetched", codes=("invalid_image_url",)),
)


def refused(exchange: Exchange, row: Row, profile: Profile) -> Findings:
    """A 4xx of the row's, in OpenAI's words for the field; what is weaker says so."""
    if exchange.status >= 500:
        yield Violation("status", "a 4xx", str(exchange.status), Level.MUST)
    elif not 400 <= exchange.status < 500:
        served = ": the request was served" if 200 <= exchange.status < 300 else ""
        yield Violation("status", _words(row.statuses), f"{exchange.status}{served}")
    elif exchange.status not in _tolerated(row, profile):
        level = Level.SHOULD if exchange.status == 422 else None
        yield Violation("status", _words(row.statuses), str(exchange.status), level)
    else:
        yield from _named(exchange, row, profile)


def _words(statuses: frozenset[int]) -> str:
    return " or ".join(map(str, sorted(statuses)))


def _tolerated(row: Row, profile: Profile) -> frozenset[int]:
    """The statuses of the row; the profile's own beat them (rule R10)."""
    own = profile.expect.get("invalid_request")
    if own is not None:
        return own.statuses
    if profile.kind != "vendor":
        return row.statuses
    return frozenset(range(400, 500)) if row.any_4xx else row.statuses | {422}


def _named(exchange: Exchange, row: Row, profile: Profile) -> Findings:
    """`param` and `code` are OpenAI's: a SHOULD, and a MAY for a vendor."""
    error = exchange.answer.object.get("error")
    if not isinstance(error, dict):
        return  # The envelope has an id of its own, and so has what is neither text nor null.
    level = Level.MAY if profile.kind == "vendor" else Level.SHOULD
    param, code = error.get("param"), error.get("code")
    if row.param and _is_readable(param) and _spelled(str(param)) != row.param:
        yield Violation("body.error.param", row.param, str(param), level)
    if row.codes and _is_readable(code) and code not in (*row.codes, *REFUSING):
        yield Violation("body.error.code", " or ".join(row.codes), str(code), level)


def _is_readable(value: object) -> bool:
    return isinstance(value, str | None) and value not in ("None", "null")


def _spelled(path: str) -> str:
    """A path with indexes in brackets: `messages.0.role` and `messages.[0].role` are the same."""
    return _STEP.sub(lambda step: f"[{step[1]}]" if step[1] else "", path)


def _registered(row: Row) -> None:
    def rule(recording: Recording, profile: Profile) -> Findings:
        yield from refused(recording.last, row, profile)

    _declare(row.id, row.title, row.scenario, rule)


def _declare(id: str, title: str, scenario: str, rule: Rule) -> None:
    rule.__doc__ = title
    requirement(id, on=scenario, symptom="invalid-accepted", needs=PLAIN)(rule)


for _each in ROWS:
    _registered(_each)


@requirement("OAI-VAL-004", on="openai-val-004", symptom="invalid-accepted", needs=PLAIN)
def a_request_without_model_is_refused(recording: Recording, profile: Profile) -> Findings:
    """A request without `model` is refused with 400, unless the profile has a default model."""
    if "default_model" in profile.capabilities:
        yield NotApplicable(f"the profile {profile.name} has a default model")
    else:
        yield from refused(recording.last, Row("OAI-VAL-004", ""), profile)


@requirement("OAI-VAL-009", on="openai-invalid", symptom="invalid-accepted", needs=PLAIN)
def an_empty_conversation_is_refused(recording: Recording, profile: Profile) -> Findings:
    """An empty `messages` is refused with 400."""
    row = Row("OAI-VAL-009", "", "messages", ("empty_array",))
    yield from refused(recording.last, row, profile)


TOO_LONG = Row(
    "OAI-VAL-055",
    "",
    "messages",
    ("context_length_exceeded",),
    statuses=frozenset({400, 413}),
    any_4xx=True,
)


@requirement("OAI-VAL-055", on="openai-val-055", symptom="invalid-accepted", needs=PLAIN)
def a_prompt_beyond_the_context_is_refused(recording: Recording, profile: Profile) -> Findings:
    """A prompt longer than the context window is refused with 400."""
    if 200 <= recording.last.status < 300:
        yield Inconclusive("the prompt was served: the context window is longer still")
    else:
        yield from refused(recording.last, TOO_LONG, profile)


LENIENT = {
    "028": ("both token limits", "Both token limits at once are served or refused, never a 5xx."),
    "031": ("an unknown key", "An unknown key is ignored, or refused by its name, never a 5xx."),
    "033": (
        "stream_options without stream",
        "`stream_options` without `stream` is ignored or refused, never a 5xx.",
    ),
    "035": ("an empty list of tools", "An empty `tools` is served or refused, never a 5xx."),
    "053": ("JSON sent as text", "JSON sent as `text/plain` is served or refused, never a 5xx."),
    "058": (
        "metadata with 17 keys",
        "A `metadata` with 17 keys is ignored or refused, never a 5xx.",
    ),
}
"""What the scenario calls it, and what is true of a sound gateway, by number."""


def served_or_refused(exchange: Exchange) -> Findings:
    """No 5xx, and an answer."""
    if exchange.response is None and exchange.failure is not None:
        yield Inconclusive(f"network lost: {exchange.failure.detail}")
    elif exchange.status >= 500:
        yield Violation("status", "200 or a 4xx", str(exchange.status), Level.MUST)


def _judged_leniently(number: str, feature: str, title: str) -> None:
    def rule(recording: Recording) -> Findings:
        yield from served_or_refused(recording.last)
        if number == "031":
            yield from _names_the_key(recording.last)

    rule.__doc__ = title
    requirement(
        f"OAI-VAL-{number}",
        on="openai-lenient",
        feature=feature,
        symptom="invalid-accepted",
        needs=PLAIN,
        judges_silence=True,
    )(rule)


def _names_the_key(exchange: Exchange) -> Findings:
    if exchange.status in (400, 422) and "no_such_parameter" not in exchange.answer.text:
        yield Violation("body.error", "the name of the key", exchange.answer.text[:80])


for _number, (_feature, _title) in LENIENT.items():
    _judged_leniently(_number, _feature, _title)


@requirement(
    "OAI-VAL-059", on="openai-val-059", symptom="no-answer", needs=PLAIN, judges_silence=True
)
def null_is_absent(recording: Recording) -> Findings:
    """`null` for an optional field is the same as leaving it out."""
    yield from unanswered(recording.last)
