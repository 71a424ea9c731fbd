"""Faults of the OpenAI-compatible model list and of its entries."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

from reference_gateway.call import Call
from reference_gateway.chat import Json
from reference_gateway.faults.places import OPENAI, replies
from reference_gateway.faults.registry import fault
from reference_gateway.seams import Reply
from reference_gateway.wire import dump

_REFERENCE = "OpenAI API reference, models: list and retrieve"
_MODEL = "claude-haiku-4-5"


def _changed(reply: Reply, change: Callable[[Json], None]) -> Reply:
    body = json.loads(reply.body)
    change(body)
    return replace(reply, body=dump(body).encode())


def _listing(slug: str, summary: str, change: Callable[[Json], None], *kills: str) -> None:
    """Register a fault of the list."""

    def listed(call: Call, reply: Reply) -> Reply:
        return _changed(reply, change) if call.path.endswith("/models") else reply

    listed.__doc__ = summary
    fault(f"openai-models-{slug}", replies(OPENAI, 200), kills=kills, origin=_REFERENCE)(listed)


def _without_object(body: Json) -> None:
    del body["object"]


def _named_models(body: Json) -> None:
    body["models"] = body.pop("data")


def _alike(body: Json) -> None:
    body["data"].append(body["data"][0])


def _undated(body: Json) -> None:
    for entry in body["data"]:
        entry["created"] = "2025-10-15"


def _without_model(body: Json) -> None:
    body["data"] = [entry for entry in body["data"] if entry["id"] != _MODEL]


_LIST, _ENTRY, _TESTED, _SINGLE = (f"OAI-MODELS-00{number}" for number in range(1, 5))
_UNLISTED = (_TESTED, _SINGLE, "GW-MODEL-007")
_listing("object-missing", "The list lacks `object`.", _without_object, _LIST)
_listing("data-missing", "The list is under `models`.", _named_models, _LIST, "GW-MODEL-007")
_listing("doubled", "A model is listed twice.", _alike, _ENTRY)
_listing("dated-in-words", "`created` is a date in words.", _undated, _ENTRY, _SINGLE)
_listing("incomplete", "A model is served, not listed.", _without_model, *_UNLISTED)


def _not_found(reply: Reply) -> Reply:
    error = {"message": "Not found.", "type": "invalid_request_error", "param": None, "code": None}
    return replace(reply, status=404, body=dump({"error": error}).encode())


@fault("openai-models-missing", replies(OPENAI, 200), kills=("OAI-MODELS-001",), origin=_REFERENCE)
def missing(call: Call, reply: Reply) -> Reply:
    """There is no model list."""
    return _not_found(reply) if call.path.endswith("/models") else reply


@fault("openai-model-wrapped", replies(OPENAI, 200), kills=("OAI-MODELS-004",), origin=_REFERENCE)
def wrapped(call: Call, reply: Reply) -> Reply:
    """A single model is wrapped in a list."""
    if "/models/" not in call.path:
        return reply
    return replace(reply, body=dump({"data": [json.loads(reply.body)]}).encode())


@fault(
    "openai-model-slash-refused",
    replies(OPENAI, 200),
    kills=("OAI-MODELS-004",),
    origin=_REFERENCE,
)
def slash_refused(call: Call, reply: Reply) -> Reply:
    """A model whose id holds a slash is not found."""
    name = call.path.partition("/models/")[2]
    return _not_found(reply) if "/" in name else reply


@fault(
    "openai-model-unknown-400", replies(OPENAI, 404), kills=("OAI-MODELS-004",), origin=_REFERENCE
)
def unknown_400(call: Call, reply: Reply) -> Reply:
    """An unknown model is asked for and the request called invalid."""
    return replace(reply, status=400) if "/models/" in call.path else reply
