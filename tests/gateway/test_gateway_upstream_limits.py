"""What a provider says of its limits: for the client whose protocol it is in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from upstream_fake import Fake, anthropic_answer, anthropic_events, ask, before, fake, plain
from upstream_fake import provider as provided
from upstream_fake import stream as streamed

REMAINING = "anthropic-ratelimit-requests-remaining"
TOLD = {REMAINING: "3", "request-id": "req_theirs"}


@pytest.fixture(scope="module")
def upstream() -> Iterator[Fake]:
    """A provider that speaks Anthropic's protocol."""
    with fake() as found:
        yield found


def test_limits_come_with_a_whole_answer(upstream: Fake) -> None:
    upstream.plays = [plain(anthropic_answer(), **TOLD)]
    with before(provided(upstream, "anthropic")) as gateway:
        answer = ask(gateway, "anthropic")

    assert answer.headers[REMAINING] == "3"
    assert answer.headers["request-id"] != "req_theirs"


def test_limits_come_with_a_stream(upstream: Fake) -> None:
    upstream.plays = [streamed(*anthropic_events("Hello."), **TOLD)]
    with before(provided(upstream, "anthropic")) as gateway:
        assert ask(gateway, "anthropic", stream=True).headers[REMAINING] == "3"


def test_limits_of_another_protocol_are_not_told(upstream: Fake) -> None:
    upstream.plays = [plain(anthropic_answer(), **TOLD)]
    with before(provided(upstream, "anthropic")) as gateway:
        assert REMAINING not in ask(gateway, "openai").headers


def test_limits_of_a_provider_that_failed_are_not_told(upstream: Fake) -> None:
    upstream.plays = [plain({}, 500, **TOLD), plain(anthropic_answer())]
    first, second = (provided(upstream, "anthropic", name) for name in ("first", "second"))
    with before(first, second) as gateway:
        answer = ask(gateway, "anthropic")

    assert (answer.status_code, REMAINING in answer.headers) == (200, False)


def test_advice_about_retries_comes_with_a_limit(upstream: Fake) -> None:
    upstream.plays = [plain({}, 429, **TOLD, **{"x-should-retry": "true", "retry-after": "7"})]
    with before(provided(upstream, "anthropic")) as gateway:
        answer = ask(gateway, "anthropic")

    told = [answer.headers.get(name) for name in (REMAINING, "retry-after", "x-should-retry")]
    assert (answer.status_code, told) == (429, ["3", "7", "true"])
