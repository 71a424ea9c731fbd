"""Faults of the passage to a provider: whose credential goes where, and who is served at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from reference_gateway.call import Call
from reference_gateway.errors import InternalError
from reference_gateway.faults.registry import Install, fault
from reference_gateway.seams import Headers, Reply, Seams
from reference_gateway.upstream.providers import Provider

ORIGIN = "gateway contract: GW-UP"
Sending = Callable[[Call, Provider, Headers], Headers]
Attempting = Callable[[Call, Sequence[Provider]], Sequence[Provider]]


def _sent(change: Sending) -> Install:
    """The header fields of what goes to a provider."""

    def install(seams: Seams) -> Seams:
        def request(
            call: Call, provider: Provider, headers: Headers, body: bytes
        ) -> tuple[Headers, bytes]:
            headers, body = seams.provider_request(call, provider, headers, body)
            return change(call, provider, headers), body

        return replace(seams, provider_request=request)

    return install


def _attempted(change: Attempting) -> Install:
    """Which providers are asked."""

    def install(seams: Seams) -> Seams:
        return replace(
            seams, attempts=lambda call, found: change(call, seams.attempts(call, found))
        )

    return install


@fault("lab-client-key-forwarded", _sent, kills=("GW-UP-006",), origin=ORIGIN)
def client_key_forwarded(call: Call, provider: Provider, headers: Headers) -> Headers:
    """The client's key goes to the provider, beside the gateway's own."""
    del provider
    return {**headers, "x-client-authorization": f"Bearer {call.credential}"}


@fault("lab-client-key-forwarded-to-anthropic", _sent, kills=("GW-UP-006",), origin=ORIGIN)
def client_key_forwarded_to_anthropic(call: Call, provider: Provider, headers: Headers) -> Headers:
    """The client's Bearer token goes to an Anthropic provider, beside the gateway's own key."""
    if provider.protocol != "anthropic":
        return headers
    return {**headers, "authorization": f"Bearer {call.credential}"}


def _key_shown(show: Callable[[Reply, str], Reply]) -> Install:
    """What a complete answer says, with the key of the provider that was asked for it."""

    def install(seams: Seams) -> Seams:
        # With the call itself, so that its id is nobody else's.
        asked: dict[int, tuple[Call, str]] = {}

        def request(
            call: Call, provider: Provider, headers: Headers, body: bytes
        ) -> tuple[Headers, bytes]:
            asked[id(call)] = call, provider.key
            return seams.provider_request(call, provider, headers, body)

        def reply(call: Call, found: Reply) -> Reply:
            _, key = asked.pop(id(call), (call, ""))
            found = seams.reply(call, found)
            return show(found, key) if key else found

        return replace(seams, provider_request=request, reply=reply)

    return install


@fault("lab-provider-key-shown", _key_shown, kills=("GW-UP-006",), origin=ORIGIN)
def provider_key_shown(found: Reply, key: str) -> Reply:
    """An answer tells the client with which key the provider was asked."""
    return replace(found, headers={**found.headers, "llm-provider-authorization": key})


@fault("lab-messages-onto-openai-crashes", _attempted, kills=("GW-UP-045",), origin=ORIGIN)
def messages_onto_openai_crashes(call: Call, found: Sequence[Provider]) -> Sequence[Provider]:
    """A Messages request to a model of an OpenAI provider is a 500."""
    if call.wire.name == "anthropic" and any(p.protocol == "openai" for p in found):
        raise InternalError
    return found


@fault("lab-chat-onto-anthropic-crashes", _attempted, kills=("GW-UP-045",), origin=ORIGIN)
def chat_onto_anthropic_crashes(call: Call, found: Sequence[Provider]) -> Sequence[Provider]:
    """A chat request to a model of an Anthropic provider is a 500."""
    if call.wire.name == "openai" and any(p.protocol == "anthropic" for p in found):
        raise InternalError
    return found
