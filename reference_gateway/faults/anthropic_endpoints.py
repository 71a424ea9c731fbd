"""Faults of the Anthropic endpoints beside Messages: token counts and the model list."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

from reference_gateway import tokens
from reference_gateway.call import Call
from reference_gateway.catalogue import Model
from reference_gateway.chat import Json, Prompt
from reference_gateway.errors import ModelNotSupported
from reference_gateway.faults.places import (
    ANTHROPIC,
    answers,
    prompts,
    replies,
    resolution,
)
from reference_gateway.faults.registry import Install, fault
from reference_gateway.seams import Reply, Resolve
from reference_gateway.wire import dump

COUNTS = ("count_tokens",)
_DOCUMENTED = "Anthropic documentation, "


def listed(edit: Callable[[Call, Json], None]) -> Install:
    """The model list, whole or a page of it; the function edits it in place."""

    def change(call: Call, reply: Reply) -> Reply:
        if not call.path.endswith("/models"):
            return reply
        body = json.loads(reply.body)
        edit(call, body)
        return replace(reply, body=dump(body).encode())

    return replies(ANTHROPIC, 200)(change)


@fault(
    "anthropic-count-zero",
    answers(COUNTS),
    kills=("ANT-CNT-001",),
    origin="https://github.com/Wei-Shaw/claude-relay-service/issues/731",
)
def count_zero(body: Json) -> None:
    """Token counts are a stub that says 0."""
    body["input_tokens"] = 0


@fault(
    "anthropic-count-without-system",
    prompts(COUNTS),
    kills=("ANT-CNT-002",),
    origin="https://github.com/router-for-me/CLIProxyAPI/issues/679",
)
def count_without_system(call: Call, prompt: Prompt) -> Prompt:
    """Token counts leave out the system prompt and the tools."""
    del call
    return replace(prompt, system=(), tools=())


@fault(
    "anthropic-count-characters",
    prompts(COUNTS),
    kills=("ANT-CNT-003",),
    origin=_DOCUMENTED + "token counting: an estimate of the same tokens",
)
def count_characters(call: Call, prompt: Prompt) -> Prompt:
    """Token counts are counts of characters."""
    del call
    words = max(1, tokens.count_prompt(prompt))
    return replace(prompt, system=(*prompt.system, "word " * words))


@fault(
    "anthropic-count-of-unknown-model",
    resolution(COUNTS),
    kills=("ANT-CNT-004",),
    origin="Anthropic, recorded: an unknown model is 404 on count_tokens too",
)
def count_of_unknown_model(call: Call, name: str, proceed: Resolve) -> Model:
    """Tokens are counted for a model that does not exist."""
    try:
        return proceed(call, name)
    except ModelNotSupported:
        return proceed(call, "claude-haiku-4-5")


@fault(
    "anthropic-count-missing-html",
    replies(COUNTS, 200),
    kills=("ANT-CNT-001", "ANT-CNT-005", "ANT-ERR-005"),
    origin="https://github.com/BerriAI/litellm/issues/13252",
)
def count_missing_html(call: Call, reply: Reply) -> Reply:
    """There is no endpoint that counts tokens, and a web page says so."""
    del call
    return Reply(404, {**reply.headers, "Content-Type": "text/html"}, b"<html>Not Found</html>")


@fault(
    "anthropic-models-under-another-name",
    listed,
    kills=("ANT-MDL-001", "GW-MODEL-007"),
    origin=_DOCUMENTED + "list models: data",
)
def models_under_another_name(call: Call, body: Json) -> None:
    """The entries of the model list have a name where the protocol has an id."""
    del call
    body["data"] = [{"name": entry["id"]} for entry in body["data"]]


@fault(
    "anthropic-models-endless",
    listed,
    kills=("ANT-MDL-002",),
    origin="Anthropic SDK for Python, SyncPage: pages while has_more is true or missing",
)
def models_endless(call: Call, body: Json) -> None:
    """Every page of the model list says that there are more."""
    del call
    body["has_more"] = True


@fault(
    "anthropic-models-limit-ignored",
    replies(ANTHROPIC, 200),
    kills=("ANT-MDL-003",),
    origin=_DOCUMENTED + "list models: limit, after_id, before_id",
)
def models_limit_ignored(call: Call, reply: Reply) -> Reply:
    """The page after an entry is the first page again."""
    if not (call.path.endswith("/models") and "after_id" in call.query):
        return reply
    body = json.loads(reply.body)
    first = dict(body["data"][0], id="claude-opus-4-7")
    body |= {"data": [first], "first_id": first["id"], "last_id": first["id"]}
    return replace(reply, body=dump(body).encode())


@fault(
    "anthropic-unknown-model-shown",
    replies(ANTHROPIC, 404),
    kills=("ANT-MDL-004",),
    origin=_DOCUMENTED + "get a model: 404 not_found_error",
)
def unknown_model_shown(call: Call, reply: Reply) -> Reply:
    """The entry of a model that does not exist is an empty success."""
    if b"No such model" not in reply.body or "/models/" not in call.path:
        return reply
    return replace(reply, status=200, body=b'{"type":"model","id":"none"}')


@fault(
    "anthropic-models-oldest-first",
    listed,
    kills=("ANT-MDL-006",),
    origin=_DOCUMENTED + "list models: more recently released models come first",
)
def models_oldest_first(call: Call, body: Json) -> None:
    """The whole model list begins with the oldest model."""
    if "after_id" in call.query or "before_id" in call.query or len(body["data"]) < 2:
        return
    body["data"][0]["created_at"], body["data"][-1]["created_at"] = (
        body["data"][-1]["created_at"],
        body["data"][0]["created_at"],
    )


@fault(
    "anthropic-models-limits-as-text",
    listed,
    kills=("ANT-MDL-007",),
    origin=_DOCUMENTED + "list models: max_input_tokens is a number",
)
def models_limits_as_text(call: Call, body: Json) -> None:
    """The model list tells the context window as a text."""
    del call
    for entry in body["data"]:
        entry["max_input_tokens"] = "200k"
