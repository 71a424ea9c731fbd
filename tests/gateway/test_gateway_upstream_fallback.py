"""Several providers in order: one answer, of the first that gives any."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace

import pytest
from gateway_live import Live
from upstream_fake import (
    INPUT_NANOUSD,
    OUTPUT_NANOUSD,
    Fake,
    anthropic_events,
    ask,
    before,
    dropped,
    event,
    fake,
    healthy,
    openai_events,
    plain,
    provider,
    silent,
    stream,
)

from reference_gateway.upstream.fallback import Rests
from reference_gateway.upstream.providers import Provider

PROTOCOLS = pytest.mark.parametrize("protocol", ["anthropic", "openai"])
STREAMS = pytest.mark.parametrize("is_stream", [False, True], ids=["whole", "stream"])
SOON_S = 0.15
ERROR = {"error": {"type": "server_error", "message": "no"}}
FAILURES = {
    "429": plain(ERROR, 429, retry_after="1"),
    "500": plain(ERROR, 500),
    "502": plain("<html>Bad Gateway</html>", 502),
    "503": plain("", 503),
    "529": plain(ERROR, 529),
    "401": plain(ERROR, 401),
    "a redirect": plain("", 302, location="http://127.0.0.1:1/"),
    "HTML": plain("<html>Welcome</html>"),
    "empty": plain(""),
    "truncated": plain('{"id": "x", "choices": [{"ind'),
    "an error inside": plain({"type": "error", **ERROR}),
    "another shape": plain({"fine": True}),
    "a stream of errors": stream(event({"type": "error", **ERROR}, "error")),
    "a stream of nothing": stream(),
    "a stream of comments": stream(b": waiting\n\n", then="break"),
    "no answer": dropped,
    "silence": silent,
}


@pytest.fixture(scope="module")
def first() -> Iterator[Fake]:
    """The provider that fails."""
    with fake() as found:
        yield found


@pytest.fixture(scope="module")
def second() -> Iterator[Fake]:
    """The provider that is asked next."""
    with fake() as found:
        yield found


@pytest.fixture(scope="module")
def gateways(first: Fake, second: Fake) -> Iterator[dict[str, Live]]:
    """A gateway before both, for each protocol."""

    def both(protocol: str) -> tuple[Provider, Provider]:
        soon = {"first_byte_s": SOON_S, "answer_s": SOON_S}
        return (
            provider(first, protocol, "first", **soon),
            provider(second, protocol, "second"),
        )

    with before(*both("anthropic")) as native, before(*both("openai")) as chat:
        yield {"anthropic": native, "openai": chat}


@PROTOCOLS
@STREAMS
@pytest.mark.parametrize("failure", FAILURES)
def test_the_next_provider_answers_for_one_that_fails_and_is_charged_once(
    gateways: dict[str, Live],
    first: Fake,
    second: Fake,
    *,
    protocol: str,
    is_stream: bool,
    failure: str,
) -> None:
    gateway = gateways[protocol]
    key = gateway.new_key()
    first.will(FAILURES[failure])
    second.will(healthy(protocol, is_stream, "From the second."))
    answer = ask(gateway, protocol, key=key["key"], stream=is_stream)

    assert answer.status_code == 200 and "From the second." in answer.text
    assert len(first.received) == len(second.received) == 1
    assert first.received[0].body == second.received[0].body
    assert gateway.spent(key) == 7 * INPUT_NANOUSD + 3 * OUTPUT_NANOUSD
    assert "retry-after" not in answer.headers


@PROTOCOLS
def test_an_error_right_behind_the_opening_is_not_seen_by_the_client(
    gateways: dict[str, Live], first: Fake, second: Fake, protocol: str
) -> None:
    opening = (
        anthropic_events(is_whole=False) if protocol == "anthropic" else openai_events(finish=None)
    )
    first.will(stream(*opening, event({"type": "error", **ERROR}, "error")))
    second.will(healthy(protocol, True))
    answer = ask(gateways[protocol], protocol, stream=True)

    assert "error" not in answer.text and len(second.received) == 1
    assert answer.text.count("role") == 1


@PROTOCOLS
def test_nobody_takes_over_once_something_was_said(
    gateways: dict[str, Live], first: Fake, second: Fake, protocol: str
) -> None:
    said = (
        anthropic_events("Hel", is_whole=False)
        if protocol == "anthropic"
        else openai_events("Hel", finish=None)
    )
    first.will(stream(*said, then="break"))
    second.will(healthy(protocol, True))
    answer = ask(gateways[protocol], protocol, stream=True)

    assert '"error"' in answer.text and second.received == []


@pytest.mark.parametrize("status", [400, 404, 413, 422])
def test_what_is_the_requests_own_fault_is_asked_once(
    gateways: dict[str, Live], first: Fake, second: Fake, status: int
) -> None:
    first.will(plain({"error": {"message": "too many bananas"}}, status))
    second.will(healthy("openai", False))
    answer = ask(gateways["openai"], "openai")

    assert answer.status_code == status and second.received == []
    assert answer.json()["error"]["message"] == "too many bananas"


def test_the_last_failure_decides_where_all_fail(
    gateways: dict[str, Live], first: Fake, second: Fake
) -> None:
    first.will(FAILURES["500"])
    second.will(plain(ERROR, 429, retry_after="7"))
    answer = ask(gateways["openai"], "openai")

    assert answer.status_code == 429 and answer.headers["retry-after"] == "7"
    assert len(first.received) == len(second.received) == 1


def test_a_port_where_nobody_listens_is_passed_over(second: Fake) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        nobody = Provider("nobody", "openai", f"http://127.0.0.1:{bound.getsockname()[1]}/v1")
        second.will(healthy("openai", False))
        with before(nobody, provider(second, "openai")) as gateway:
            assert ask(gateway, "openai").status_code == 200
        with before(nobody) as gateway:
            answer = ask(gateway, "openai")
    assert answer.status_code == 502 and answer.json()["error"]["type"] == "server_error"


def test_a_provider_of_the_other_protocol_can_take_over(first: Fake, second: Fake) -> None:
    first.will(FAILURES["529"])
    second.will(healthy("openai", False))
    with before(provider(first, "anthropic"), provider(second, "openai", "second")) as gateway:
        answer = ask(gateway, "anthropic")
        assert answer.status_code == 200 and answer.json()["content"][0]["text"] == "Hello."


def test_the_model_that_is_built_in_can_take_over(first: Fake) -> None:
    first.will(FAILURES["500"])
    with before(provider(first, "anthropic"), Provider("own", "scripted")) as gateway:
        answer = ask(gateway, "anthropic")
        assert answer.status_code == 200 and answer.json()["content"][0]["text"] == "hello."


@pytest.mark.parametrize(
    ("limits", "more"),
    [
        ({"silence_s": SOON_S}, {}),
        ({"total_s": SOON_S}, {}),
        ({}, {"request_s": SOON_S}),
    ],
    ids=["silence", "the whole of it", "all of them together"],
)
def test_a_stream_that_takes_too_long_ends_in_an_error(
    first: Fake, limits: dict[str, float], more: dict[str, float]
) -> None:
    first.will(stream(*openai_events("Hel", finish=None), then="silence"))
    with before(provider(first, "openai", **limits), **more) as gateway:
        answer = ask(gateway, "openai", stream=True)
    assert answer.status_code == 200 and "Hel" in answer.text and '"error"' in answer.text
    assert first.received[0].left.wait(5)


@PROTOCOLS
def test_a_provider_that_never_answers_is_given_up(first: Fake, protocol: str) -> None:
    first.will(silent)
    soon = provider(first, protocol, first_byte_s=SOON_S, answer_s=SOON_S)
    with before(soon) as gateway:
        for is_stream in (False, True):
            answer = ask(gateway, protocol, stream=is_stream)
            kind = "timeout_error" if protocol == "anthropic" else "server_error"
            assert answer.status_code == 504 and answer.json()["error"]["type"] == kind
    assert first.received[0].left.wait(5)


class _Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_provider_that_keeps_failing_is_asked_last_for_a_while() -> None:
    clock = _Clock()
    rests = Rests(clock)
    tired = Provider("tired", "openai", rest_s=30.0, rest_after=2)
    fresh = replace(tired, name="fresh")
    order = [tired, fresh]

    rests.failed(tired)
    assert rests.ordered(order) == (tired, fresh)
    rests.failed(tired)
    assert rests.ordered(order) == (fresh, tired)
    clock.now += 30.0
    assert rests.ordered(order) == (tired, fresh)
    rests.failed(tired)
    assert rests.ordered(order) == (fresh, tired)
    rests.answered(tired)
    rests.failed(tired)
    assert rests.ordered(order) == (tired, fresh)


def test_a_provider_that_rests_is_left_alone(first: Fake, second: Fake) -> None:
    first.will(FAILURES["500"])
    second.will(healthy("openai", False))
    tired = provider(first, "openai", "first", rest_s=600.0, rest_after=2)
    with before(tired, provider(second, "openai", "second")) as gateway:
        for _ in range(4):
            assert ask(gateway, "openai").status_code == 200
    assert len(first.received) == 2
