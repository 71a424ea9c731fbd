"""Chat completions as HTTP: headers, content types, paths and methods that clients use."""

from __future__ import annotations

import json

from conformance.kinds import Kind
from conformance.recorder import Gateway
from conformance.registry import scenario
from conformance.scenarios import prompts
from conformance.scenarios.forms import Form, Question, headers, in_every_form, query
from conformance.scenarios.openai import COMPLETION, ERROR, HELLO, OPENAI, ask
from conformance.scenarios.openai_validation import CHAT

CHEAP = prompts.SMALL_BUDGET
OF_CLIENTS = {
    "user-agent": "OpenAI/Python 3.54.0",
    "x-stainless-lang": "python",
    "x-stainless-retry-count": "0",
    "x-stainless-helper-method": "stream",
    "x-client-request-id": "conformance-1",
    "idempotency-key": "conformance-1",
    "http-referer": "https://example.com",
    "x-title": "conformance",
    "openai-beta": "assistants=v2",
}
"""Headers that the official SDKs and popular clients add to every request."""


FORMS: dict[str, Form] = {
    "client headers": headers(OF_CLIENTS),
    "charset": headers({"content-type": "application/json; charset=utf-8"}),
    "accept": headers({"accept": "text/event-stream"}),
    "query": query("?api-version=preview"),
}
"""No stream is asked for, whatever `Accept` says; the protocol does not know the query."""


@scenario("openai-forms", protocol=OPENAI, yields=COMPLETION, cost=CHEAP)
async def forms(gateway: Gateway) -> None:
    """A plain question in every legal form: headers of clients, a charset, `Accept`, a query."""
    question = Question(OPENAI, HELLO | {gateway.budget_name: CHEAP})
    await in_every_form(gateway, question, FORMS)


@scenario("openai-organization", protocol=OPENAI, yields=COMPLETION, cost=CHEAP)
async def organization(gateway: Gateway) -> None:
    """A plain question on behalf of an organization and a project that do not exist."""
    named = {"openai-organization": "org-conformance", "openai-project": "proj-conformance"}
    await ask(gateway, HELLO, CHEAP, extra=named)


@scenario("openai-put", protocol=OPENAI, yields=ERROR)
async def put(gateway: Gateway) -> None:
    """A plain question with PUT; GET would list stored completions, and is no error."""
    asked = {"model": gateway.models["openai"], **HELLO}
    await gateway.send(OPENAI, "PUT", CHAT, json.dumps(asked).encode())


@scenario("openai-unknown-path", protocol=OPENAI, yields=(Kind.OTHER,))
async def unknown_path(gateway: Gateway) -> None:
    """A question to a path that does not exist."""
    asked = {"model": gateway.models["openai"], **HELLO}
    await gateway.post(OPENAI, "/no-such-path", asked)


@scenario("openai-connection", protocol=OPENAI, yields=ERROR, exchanges=2, exclusive=True)
async def connection(gateway: Gateway) -> None:
    """Two refusals, one after the other, nothing beside them: the connection is used again."""
    for _ in range(2):
        await ask(gateway, {"messages": [], "user": "conformance-connection"}, CHEAP)
