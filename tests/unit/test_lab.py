"""A scenario writes scripts for the lab and records what the lab got."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from conformance import lab as labs
from conformance.connection import Connection, Deadlines, Route, connected
from conformance.errors import LabError
from conformance.kinds import Protocol
from conformance.lab import Lab, LabApi
from conformance.model import Ended, Exchange, FailureKind, Side
from conformance.profile import CredentialStyle, load
from conformance.received import exchange_of
from conformance.recorder import Gateway
from conformance.scenarios.prompts import HELLO, user
from conformance.secret import Secret
from conformance.target import LabAddress, Target
from reference_gateway.lab.app import serve_lab

QUICK = Deadlines(5.0, 5.0, 5.0)
BEARER = CredentialStyle("authorization", "Bearer {key}")


@asynccontextmanager
async def behind(provokes: bool = False) -> AsyncIterator[tuple[Gateway, Connection]]:
    """What a scenario would talk to, with the lab in the place of the gateway too."""
    async with serve_lab() as served:
        keys = {"valid": Secret(served.key)}
        target = Target(served.url, "--base-url", load("generic"), keys, {}, {})
        address = LabAddress(served.url, Secret(served.token))
        async with connected(target, QUICK) as connection, labs.opened(address) as api:
            assert api is not None
            exchanges: list[Exchange] = []
            yield (
                Gateway(
                    "made",
                    connection,
                    {Protocol.OPENAI: Route(f"{served.url}/openai-first/v1", BEARER)},
                    {"openai": "demo"},
                    keys,
                    exchanges=exchanges,
                    behind=Lab(api, "made", exchanges),
                    provokes=provokes,
                ),
                connection,
            )


@asynccontextmanager
async def reached(url: str, token: str) -> AsyncIterator[LabApi]:
    """The control API at an address."""
    async with labs.opened(LabAddress(url, Secret(token))) as api:
        assert api is not None
        yield api


def played(play: Callable[[Gateway], Awaitable[Any]], provokes: bool = False) -> Gateway:
    """What a scenario left, played with a lab behind."""

    async def run() -> Gateway:
        async with behind(provokes) as (gateway, _):
            await play(gateway)
            return gateway

    return asyncio.run(run())


async def ask(gateway: Gateway, mark: str) -> None:
    """A short question that carries a mark."""
    await gateway.chat({"messages": user(f"{HELLO} {mark}")})


def test_what_the_lab_got_stands_behind_what_was_sent() -> None:
    async def play(gateway: Gateway) -> None:
        script = await gateway.lab.script()
        await ask(gateway, script.mark)
        await gateway.lab.collect(script)

    asked, got = played(play).recording.exchanges

    assert (asked.id, got.id) == ("made#1", "made#2")
    assert (asked.side, got.side, got.provider) == (Side.CLIENT, Side.UPSTREAM, "openai-first")
    assert got.request.json == asked.request.json and got.request.method == "POST"
    assert got.answer.body == asked.answer.body and got.answer.ended is Ended.COMPLETE


def test_the_views_of_a_recording_keep_the_sides_apart() -> None:
    async def play(gateway: Gateway) -> None:
        script = await gateway.lab.script()
        await ask(gateway, script.mark)
        await gateway.lab.collect(script)

    recording = played(play).recording

    assert [e.id for e in recording.upstream] == ["made#2"]
    assert [e.id for e in recording.sent] == [e.id for e in recording.final] == ["made#1"]
    assert recording.last.id == "made#1" and len(recording.served(streamed=False)) == 1


def test_each_request_takes_the_next_step_and_the_last_is_healthy() -> None:
    async def play(gateway: Gateway) -> None:
        script = await gateway.lab.script({"status": 400, "body": {"error": {"message": "no"}}})
        await ask(gateway, script.mark)
        await ask(gateway, script.mark)

    assert [e.status for e in played(play).exchanges] == [400, 200]


def test_a_provider_has_steps_of_its_own() -> None:
    async def play(gateway: Gateway) -> None:
        own = {"openai-first": [{"status": 403, "body": {}}], "openai-second": [{"status": 404}]}
        script = await gateway.lab.script({"status": 400, "body": {}}, by_provider=own)
        await ask(gateway, script.mark)

    assert played(play).recording.last.status == 403


def test_a_second_look_gives_only_what_is_new() -> None:
    async def play(gateway: Gateway) -> None:
        script = await gateway.lab.script()
        for _ in range(2):
            await ask(gateway, script.mark)
            assert len(await gateway.lab.collect(script)) == 1

    sides = [str(e.side) for e in played(play).exchanges]
    assert sides == ["client", "upstream", "client", "upstream"]


def test_scripts_do_not_see_each_other() -> None:
    async def play(gateway: Gateway) -> None:
        one, other = await gateway.lab.script(), await gateway.lab.script()
        await ask(gateway, one.mark)
        assert await gateway.lab.collect(other) == ()

    assert len(played(play).exchanges) == 1


@pytest.mark.parametrize(("provokes", "tries"), [(True, 1), (False, 3)], ids=["faulty", "sound"])
def test_what_was_provoked_is_not_tried_again(provokes: bool, tries: int) -> None:
    async def play(gateway: Gateway) -> None:
        busy = {"status": 429, "headers": {"retry-after": "0"}, "body": {}}
        script = await gateway.lab.script(*[busy] * 5)
        await ask(gateway, script.mark)

    assert len(played(play, provokes).exchanges) == tries


def test_what_was_provoked_is_no_storm() -> None:
    async def run(provokes: bool) -> int:
        async with behind(provokes) as (gateway, connection):
            script = await gateway.lab.script({"status": 500, "body": {}})
            await ask(gateway, script.mark)
            return connection.broken_in_a_row

    assert (asyncio.run(run(True)), asyncio.run(run(False))) == (0, 1)


def test_a_step_that_the_lab_does_not_know_is_named() -> None:
    with pytest.raises(LabError, match="bogus"):
        played(lambda gateway: gateway.lab.script({"bogus": 1}))


def test_the_lab_forgets_what_a_scenario_is_done_with() -> None:
    async def play(gateway: Gateway) -> None:
        script = await gateway.lab.script()
        await gateway.lab.close()
        with pytest.raises(LabError, match="404"):
            await gateway.lab.api.received(script.id, 0)

    played(play)


def test_a_scenario_without_lab_models_has_no_lab() -> None:
    async def run() -> None:
        async with behind() as (gateway, _):
            gateway.behind = None
            with pytest.raises(ValueError, match="made asks for the lab"):
                await gateway.lab.script()

    asyncio.run(run())


def test_the_key_of_the_lab_is_learned_from_it() -> None:
    async def run() -> bool:
        async with serve_lab() as served, reached(served.url, served.token) as api:
            return (await api.key()).reveal() == served.key

    assert asyncio.run(run())


def test_a_wrong_token_is_told() -> None:
    async def run() -> None:
        async with serve_lab() as served, reached(served.url, "wrong") as api:
            await api.key()

    with pytest.raises(LabError, match="status 401"):
        asyncio.run(run())


def test_a_lab_that_is_not_there_is_told() -> None:
    async def run() -> None:
        async with serve_lab() as served, reached(served.refused_url, served.token) as api:
            await api.key()

    with pytest.raises(LabError, match="ConnectError"):
        asyncio.run(run())


RECEIVED: dict[str, Any] = {
    "number": 1,
    "provider": "anthropic",
    "method": "POST",
    "path": "/anthropic/v1/messages",
    "headers": [["x-api-key", "lab-key"]],
    "body_base64": "e30=",
    "started_at": "2026-11-22T00:00:00.000+00:00",
    "answer": {
        "status": 200,
        "headers": [["content-type", "text/event-stream"]],
        "headers_at_s": 0.1,
        "ended_at_s": 0.4,
        "chunks": [[0.2, "YQ=="], [0.3, "Yg=="]],
    },
    "ended": "complete",
}


@pytest.mark.parametrize(
    ("said", "ended", "was_left"),
    [
        ("complete", Ended.COMPLETE, False),
        ("cut", Ended.CUT, False),
        ("left", Ended.ABANDONED, True),
        ("open", Ended.SILENT, False),
    ],
)
def test_how_an_answer_of_the_lab_ended(said: str, ended: Ended, was_left: bool) -> None:
    found = exchange_of(RECEIVED | {"ended": said}, "made#2", "http://127.0.0.1:9")

    assert found.answer.ended is ended and found.was_left is was_left
    assert found.answer.body == b"ab" and [c.at_s for c in found.answer.chunks] == [0.2, 0.3]
    assert found.protocol is Protocol.ANTHROPIC and found.request.path.endswith("/v1/messages")


@pytest.mark.parametrize(
    ("said", "kind"),
    [("cut", FailureKind.RESET), ("left", FailureKind.LEFT), ("open", FailureKind.TIMEOUT)],
)
def test_why_the_lab_gave_no_answer(said: str, kind: FailureKind) -> None:
    found = exchange_of(RECEIVED | {"ended": said, "answer": None}, "made#2", "http://lab")

    assert found.response is None and found.failure is not None and found.failure.kind is kind
    assert found.was_left is (said == "left")
