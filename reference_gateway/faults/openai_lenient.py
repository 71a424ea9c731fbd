"""Faults of reading chat completions: what is wrong is made to fit, and nobody is told.

A row is one way to be too lenient: the id that notices it, what it does, and the edit that
turns the wrong request into one that is served.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from reference_gateway.chat import Json
from reference_gateway.faults.places import OPENAI, Edit, documents
from reference_gateway.faults.registry import fault

ORIGIN = "OpenAI API reference, chat completions: types and ranges of the request body"
MODEL = "claude-haiku-4-5"
_HELLO = [{"role": "user", "content": "Hello."}]
_LIMITS = {"temperature": (0, 2), "top_p": (0, 1), "presence_penalty": (-2, 2)}
_MOST_STOPS = 4


def lenient(
    slug: str,
    id: str,
    summary: str,
    edit: Edit,
    origin: str = ORIGIN,
    *,
    also: tuple[str, ...] = (),
) -> None:
    """Register the fault that edits requests so; `also` are further ids that notice it."""

    def change(body: Json) -> None:
        edit(body)

    change.__doc__ = summary
    fault(slug, documents(OPENAI), kills=(id, *also), origin=origin)(change)


def dropped(name: str, is_wrong: Callable[[Any], bool]) -> Edit:
    """A field that is left out where it is wrong."""

    def edit(body: Json) -> None:
        if name in body and is_wrong(body[name]):
            del body[name]

    return edit


def _clamped(name: str) -> Edit:
    low, high = _LIMITS[name]

    def edit(body: Json) -> None:
        if isinstance(body.get(name), int | float):
            body[name] = max(low, min(high, body[name]))

    return edit


def _model_set(is_wrong: Callable[[Any], bool]) -> Edit:
    def edit(body: Json) -> None:
        if is_wrong(body.get("model")):
            body["model"] = MODEL

    return edit


def _greets(body: Json) -> None:
    body.setdefault("messages", _HELLO)


def _wraps_text(body: Json) -> None:
    if isinstance(body.get("messages"), str):
        body["messages"] = [{"role": "user", "content": body["messages"]}]


def each_message(change: Callable[[Json], None]) -> Edit:
    """Every message that is an object, changed in place."""

    def edit(body: Json) -> None:
        messages = body.get("messages")
        for message in messages if isinstance(messages, list) else []:
            if isinstance(message, dict):
                change(message)

    return edit


def _wraps_messages(body: Json) -> None:
    messages = body.get("messages")
    if isinstance(messages, list):
        body["messages"] = [
            {"role": "user", "content": message} if isinstance(message, str) else message
            for message in messages
        ]


def _defaults_role(message: Json) -> None:
    message.setdefault("role", "user")


def _renames_role(message: Json) -> None:
    if message.get("role") == "bogus":
        message["role"] = "user"


def _prints_content(message: Json) -> None:
    if isinstance(message.get("content"), int):
        message["content"] = str(message["content"])


def _parts(message: Json) -> list[Json]:
    content = message.get("content")
    return [part for part in content if isinstance(part, dict)] if isinstance(content, list) else []


def _defaults_type(message: Json) -> None:
    for part in _parts(message):
        part.setdefault("type", "text")


def _drops_parts(message: Json) -> None:
    kept = [part for part in _parts(message) if part.get("type") != "bogus"]
    if isinstance(message.get("content"), list):
        message["content"] = kept


def _drops_pictures(start: str) -> Callable[[Json], None]:
    def change(message: Json) -> None:
        for part in _parts(message):
            url = str((part.get("image_url") or {}).get("url", ""))
            if url.startswith(start):
                part.clear()
                part.update({"type": "text", "text": "[image]"})

    return change


def _reads_number(body: Json) -> None:
    if isinstance(body.get("n"), str):
        body["n"] = 1


def _cuts_stops(body: Json) -> None:
    if isinstance(body.get("stop"), list):
        body["stop"] = body["stop"][:_MOST_STOPS]


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float)


def _is_above(most: int) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, int) and value > most


def _is_below(least: int) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, int) and value < least


_ROWS: tuple[tuple[str, str, str, Edit], ...] = (
    ("model-missing", "004", "A missing model is a default one.", _model_set(lambda v: v is None)),
    ("model-number", "005", "A number for a model is a default one.", _model_set(_is_number)),
    ("model-empty", "006", "An empty model is a default one.", _model_set(lambda v: v == "")),
    ("messages-missing", "008", "Missing messages are a greeting.", _greets),
    ("messages-text", "010", "A text for messages is a user's message.", _wraps_text),
    ("message-text", "011", "A text for a message is a user's message.", _wraps_messages),
    ("role-missing", "012", "A missing role is the user's.", each_message(_defaults_role)),
    ("role-unknown", "013", "An unknown role is the user's.", each_message(_renames_role)),
    ("content-number", "014", "A number for content is printed.", each_message(_prints_content)),
    ("part-untyped", "016", "A part without type is text.", each_message(_defaults_type)),
    ("part-unknown", "017", "A part of unknown type is dropped.", each_message(_drops_parts)),
    ("temperature-high", "018", "A temperature above 2 is taken for 2.", _clamped("temperature")),
    (
        "temperature-text",
        "019",
        "A text for temperature is dropped.",
        dropped("temperature", _is_text),
    ),
    ("top-p-high", "020", "A top_p above 1 is taken for 1.", _clamped("top_p")),
    ("penalty-high", "021", "A penalty above 2 is taken for 2.", _clamped("presence_penalty")),
    ("n-zero", "022", "An n of 0 is taken for 1.", dropped("n", _is_below(1))),
    ("n-high", "023", "An n above 128 is taken for 1.", dropped("n", _is_above(128))),
    ("n-text", "024", "A text for n is taken for 1.", _reads_number),
    (
        "budget-negative",
        "025",
        "A negative max_tokens is dropped.",
        dropped("max_tokens", _is_below(0)),
    ),
    (
        "budget-zero",
        "026",
        "A budget of 0 is dropped.",
        dropped("max_completion_tokens", _is_below(1)),
    ),
    ("stops-many", "029", "The fifth stop text is dropped.", _cuts_stops),
    ("stop-number", "030", "A number for stop is dropped.", dropped("stop", _is_number)),
    ("stream-text", "032", "A text for stream is dropped.", dropped("stream", _is_text)),
    (
        "format-unknown",
        "049",
        "An unknown response_format is dropped.",
        dropped("response_format", lambda v: v == {"type": "bogus"}),
    ),
    (
        "image-broken",
        "056",
        "A broken image is dropped.",
        each_message(_drops_pictures("data:image/png;base64,bm8")),
    ),
    (
        "image-lost",
        "057",
        "An image that cannot be fetched is dropped.",
        each_message(_drops_pictures("https://no-such-host")),
    ),
)


def _drops_top_logprobs(body: Json) -> None:
    if not body.get("logprobs"):
        body.pop("top_logprobs", None)


# The contract asks for hostile models too, on both protocols.
_ALSO = {
    "model-missing": ("GW-MODEL-008",),
    "model-number": ("GW-MODEL-008",),
    "model-empty": ("GW-MODEL-006", "GW-MODEL-008"),
}
for _slug, _number, _summary, _edit in _ROWS:
    _also = _ALSO.get(_slug, ())
    lenient(f"openai-lenient-{_slug}", f"OAI-VAL-{_number}", _summary, _edit, also=_also)
lenient(
    "openai-lenient-logprobs",
    "OAI-VAL-050",
    "top_logprobs alone are dropped.",
    _drops_top_logprobs,
)
