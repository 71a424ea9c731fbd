"""Every place towards the providers can make the gateway wrong, seen from outside."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web
from gateway_live import Live
from upstream_fake import (
    NAME,
    Fake,
    ask,
    before,
    fake,
    healthy,
    openai_events,
    plain,
    provider,
    stream,
)

from reference_gateway import app
from reference_gateway.chat import Usage
from reference_gateway.errors import GatewayError, Refusal, Unauthenticated, UpstreamFailed
from reference_gateway.faults import upstream_places as places
from reference_gateway.faults.places import BOTH, COMPLETIONS
from reference_gateway.faults.registry import Install
from reference_gateway.pieces import Piece, TextDelta

USAGE = {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}
FAILED = plain({"error": {"message": "no"}}, 500)
HALF = stream(*openai_events("Hel", finish=None), then="break")


@pytest.fixture(scope="module")
def first() -> Iterator[Fake]:
    """The provider that is asked first."""
    with fake() as found:
        yield found


@pytest.fixture(scope="module")
def second() -> Iterator[Fake]:
    """The provider that is asked next."""
    with fake() as found:
        found.will(healthy("openai", True, "From the second."))
        yield found


@contextlib.contextmanager
def _wrong(found: Install, *fakes: Fake, protocol: str = "openai") -> Iterator[Live]:
    """A gateway before these providers, with one fault."""
    made = [provider(one, protocol, f"number {n}") for n, one in enumerate(fakes)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(app, "install", lambda slugs, seams: found(seams))
        with before(*made) as gateway:
            yield gateway


def test_providers_can_be_left_out_and_asked_too_often(first: Fake, second: Fake) -> None:
    first.will(FAILED)
    with _wrong(places.attempts(lambda call, found: found[:1]), first, second) as gateway:
        assert ask(gateway, "openai", stream=True).status_code == 502
    first.will(FAILED)
    with _wrong(places.attempts(lambda call, found: [*found] * 4), first) as gateway:
        assert ask(gateway, "openai").status_code == 502
    assert len(first.received) == 4


def test_another_provider_can_take_over_after_the_first_byte(first: Fake, second: Fake) -> None:
    first.will(HALF)
    always = places.falling_back(lambda call, failure, has_begun, healthy: True)
    with _wrong(always, first, second) as gateway:
        answer = ask(gateway, "openai", stream=True)
    assert "Hel" in answer.text and "From the second." in answer.text and "[DONE]" in answer.text


def test_what_goes_upstream_can_be_changed(first: Fake) -> None:
    first.will(healthy("openai", False))

    def leak(call: Any, provider: Any, headers: Any, body: bytes) -> Any:
        return {**headers, "x-api-key": call.credential}, body

    with _wrong(places.provider_requests(BOTH)(leak), first) as gateway:
        ask(gateway, "openai")
        assert first.received[0].headers["x-api-key"] == gateway.running.key

    def forget(call: Any, provider: Any, body: Any) -> None:
        del body["messages"]

    first.will(healthy("openai", False))
    with _wrong(places.provider_bodies(BOTH)(forget), first) as gateway:
        ask(gateway, "openai")
    assert "messages" not in first.received[0].json


def test_a_place_is_narrowed_to_a_format(first: Fake) -> None:
    first.will(plain({"error": {"message": "slow down"}}, 429))
    change = places.provider_replies(COMPLETIONS)(lambda call, reply: replace(reply, status=500))
    with _wrong(change, first) as gateway:
        assert ask(gateway, "openai").status_code == 429
    change = places.provider_replies(BOTH)(lambda call, reply: replace(reply, status=500))
    with _wrong(change, first) as gateway:
        assert ask(gateway, "openai").status_code == 502


async def _silenced(pieces: AsyncIterator[Piece]) -> AsyncIterator[Piece]:
    async for piece in pieces:
        if not isinstance(piece, TextDelta):
            yield piece


def test_what_is_translated_can_be_changed(first: Fake) -> None:
    first.will(healthy("openai", False))
    with _wrong(places.upstream_pieces(BOTH)(_silenced), first) as gateway:
        assert "Hello." not in ask(gateway, "anthropic").text
        assert "Hello." in ask(gateway, "openai").text


async def _whole(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    with contextlib.suppress(UpstreamFailed):
        async for chunk in chunks:
            yield chunk


def test_what_is_passed_on_can_be_changed(first: Fake) -> None:
    first.will(HALF)
    with _wrong(places.passed_bytes(BOTH)(_whole), first) as gateway:
        answer = ask(gateway, "openai", stream=True)
    assert "Hel" in answer.text and "error" not in answer.text


def test_the_json_of_an_answer_can_be_changed_plain_and_streamed(first: Fake) -> None:
    def renamed(document: Any) -> None:
        document["id"] = "changed"

    for place, is_stream in ((places.provider_documents, False), (places.passed_payloads, True)):
        first.will(healthy("openai", is_stream))
        with _wrong(place(BOTH)(renamed), first) as gateway:
            assert '"changed"' in ask(gateway, "openai", stream=is_stream).text


def test_what_is_no_json_is_left_to_the_gateway(first: Fake) -> None:
    first.will(plain("<html>"))
    with _wrong(places.provider_documents(BOTH)(lambda document: None), first) as gateway:
        assert ask(gateway, "openai").status_code == 502


def test_the_end_of_what_is_translated_can_be_changed(first: Fake) -> None:
    first.will(healthy("openai", False))
    free = places.upstream_finishes(BOTH)(lambda finish: replace(finish, usage=Usage(41, 42)))
    with _wrong(free, first) as gateway:
        assert ask(gateway, "anthropic").json()["usage"]["output_tokens"] == 42


def _blamed(call: Any, failure: UpstreamFailed, proceed: Any) -> GatewayError:
    return Unauthenticated(Refusal.UNKNOWN)


def test_a_refusal_can_be_changed(first: Fake) -> None:
    first.will(FAILED)
    with _wrong(places.upstream_refusals(BOTH)(_blamed), first) as gateway:
        assert ask(gateway, "openai").status_code == 401
        assert ask(gateway, "anthropic").status_code == 401


async def _read_on(call: Any, exchange: Any, proceed: Any) -> None:
    await exchange.drained(10)


def test_a_provider_can_be_kept_at_work_for_nobody(first: Fake) -> None:
    gate, written = threading.Event(), threading.Event()

    async def slow(request: web.Request) -> web.StreamResponse:
        begun, *others = openai_events("Hel", "lo.", usage=USAGE)
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        await response.write(begun + others[0])
        await asyncio.to_thread(gate.wait, 10)
        await response.write(b"".join(others[1:]))
        written.set()
        return response

    first.will(slow)
    with _wrong(places.abandonment(_read_on), first) as gateway:
        body = {"model": NAME, "stream": True, "messages": [{"role": "user", "content": "Hi"}]}
        headers = {"authorization": f"Bearer {gateway.running.key}"}
        url = f"{gateway.running.base_url}/v1/chat/completions"
        with gateway.http.stream("POST", url, json=body, headers=headers) as answer:
            next(answer.iter_raw())
        assert not first.received[0].left.wait(0.2)
        gate.set()
        assert written.wait(5) and not first.received[0].left.is_set()
