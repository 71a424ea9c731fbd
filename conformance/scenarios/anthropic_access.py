"""The Messages endpoint asked in every legal way: paths, headers, credentials, versions."""

from __future__ import annotations

from dataclasses import replace

from conformance.kinds import Kind, Protocol
from conformance.recorder import Gateway
from conformance.registry import scenario
from conformance.scenarios import prompts
from conformance.scenarios.anthropic import HELLO
from conformance.scenarios.forms import Form, Question, headers, in_every_form, query

ANTHROPIC = Protocol.ANTHROPIC
MESSAGE = (Kind.ANTHROPIC_MESSAGE,)
ERROR = (Kind.ANTHROPIC_ERROR,)
OTHER = (Kind.OTHER,)

FIRST_VERSION, SECOND_VERSION = "2023-06-01", "2026-10-21"
FIRST, SECOND = {"anthropic-version": FIRST_VERSION}, {"anthropic-version": SECOND_VERSION}
"""Headers for what only one version has, whichever the rest of the run speaks."""
# What SDKs, Claude Code and tracing add to every request.
CLIENT_HEADERS = {
    "x-stainless-lang": "python",
    "x-stainless-retry-count": "0",
    "x-stainless-timeout": "600",
    "x-app": "cli",
    "x-claude-code-session-id": "00000000-0000-4000-8000-000000000000",
    "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    "x-conformance-custom": "1",
}
BETAS = "prompt-caching-2024-07-31,pdfs-2024-09-25,extended-cache-ttl-2025-04-11"
_DOCUMENT = {
    "type": "document",
    "source": {"type": "text", "media_type": "text/plain", "data": "The sky is blue."},
}
_CITED = {
    "type": "text",
    "text": "The sky is blue.",
    "citations": [
        {
            "type": "char_location",
            "cited_text": "The sky is blue.",
            "document_index": 0,
            "document_title": None,
            "start_char_index": 0,
            "end_char_index": 16,
        }
    ],
}


@scenario("anthropic-forms", protocol=ANTHROPIC, yields=MESSAGE, cost=prompts.BUDGET)
async def forms(gateway: Gateway) -> None:
    r"""A question in every legal form: a query, headers, `\u` escapes, two users, two headers."""
    await in_every_form(
        gateway,
        Question(ANTHROPIC, HELLO),
        {**FORMS, "both credentials": _both_credentials(gateway)},
    )


def _escaped(question: Question) -> Question:
    """Emoji and CJK to be repeated, all of it written as escapes."""
    *earlier, last = question.body["messages"]
    messages = [*earlier, {**last, "content": prompts.EMOJI}]
    return replace(question, body={**question.body, "messages": messages}, is_escaped=True)


def _two_users(question: Question) -> Question:
    """One more message of the user, before the last."""
    messages = [*prompts.user("Answer in English."), *question.body["messages"]]
    return replace(question, body={**question.body, "messages": messages})


def _both_credentials(gateway: Gateway) -> Form:
    """The same key in `x-api-key` and as a Bearer token."""
    one, other = gateway.style(ANTHROPIC, "x-api-key"), gateway.style(ANTHROPIC, "bearer")
    return lambda question: replace(question, credentials={"style": one, "beside": other})


FORMS: dict[str, Form] = {
    "query": query("?beta=true"),
    "charset": headers({"content-type": "application/json; charset=utf-8"}),
    "accept": headers({"accept": "text/event-stream"}),
    "client headers": headers(CLIENT_HEADERS),
    "betas": headers({"anthropic-beta": BETAS}),
    "escapes": _escaped,
    "same role": _two_users,
}
"""No stream is asked for, whatever `accept` says; the betas are three that the vendor knows."""


@scenario("anthropic-other-version", protocol=ANTHROPIC, yields=MESSAGE, cost=prompts.BUDGET)
async def other_version(gateway: Gateway) -> None:
    """A plain question in the API version that the rest of the run does not speak."""
    versions = {FIRST_VERSION: SECOND_VERSION}
    other = versions.get(gateway.version, FIRST_VERSION)
    await gateway.messages(HELLO, extra={"anthropic-version": other})


@scenario("anthropic-sampling-removed", protocol=ANTHROPIC, yields=ERROR, exchanges=3)
async def sampling_removed(gateway: Gateway) -> None:
    """Sampling parameters at harmless values, in the version that has removed them."""
    for name, value in (("temperature", 1.0), ("top_p", 0.9), ("top_k", 40)):
        await gateway.messages(HELLO | {name: value}, extra=SECOND)


@scenario(
    "anthropic-documents-restricted",
    protocol=ANTHROPIC,
    yields=ERROR,
    exchanges=2,
    capabilities=("documents",),
)
async def documents_restricted(gateway: Gateway) -> None:
    """A document in an assistant's message and citations in a user's, in the second version."""
    asked = prompts.user(prompts.HELLO)
    document = {"role": "assistant", "content": [_DOCUMENT]}
    cited = {"role": "user", "content": [_CITED]}
    await gateway.messages(HELLO | {"messages": [*asked, document, *asked]}, extra=SECOND)
    await gateway.messages(HELLO | {"messages": [cited]}, extra=SECOND)


@scenario("anthropic-wrong-method", protocol=ANTHROPIC, yields=ERROR)
async def wrong_method(gateway: Gateway) -> None:
    """The Messages endpoint, asked with GET."""
    await gateway.get(ANTHROPIC, "/messages")


@scenario("anthropic-unknown-path", protocol=ANTHROPIC, yields=OTHER)
async def unknown_path(gateway: Gateway) -> None:
    """A path below the root that no API has."""
    await gateway.get(ANTHROPIC, "/no-such-path-conformance")


@scenario("anthropic-probes", protocol=ANTHROPIC, yields=OTHER, exchanges=3)
async def probes(gateway: Gateway) -> None:
    """What clients send to warm a connection or to see who is there, without a credential."""
    for method, path in (("HEAD", "/"), ("HEAD", "/api/hello"), ("GET", "/")):
        probed = await gateway.send(ANTHROPIC, method, path, key="", below_root=False)
        if probed.response is None:
            break
