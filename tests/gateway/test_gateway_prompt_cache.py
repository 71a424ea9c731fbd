"""The prompt cache with a clock of its own: what is read, written and forgotten."""

from __future__ import annotations

import pytest

from reference_gateway.chat import CacheMark, CacheUse, Prompt, Text, Turn
from reference_gateway.prompt_cache import HOUR_S, MIN_PREFIX_TOKENS, PromptCache

WORDS = "fog " * MIN_PREFIX_TOKENS


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def prompt(*words: str, marks: tuple[CacheMark, ...]) -> Prompt:
    """A prompt of these system texts."""
    return Prompt("m", words, (Turn("user", (Text("Hi."),)),), 10, cache_marks=marks)


def test_a_longer_prefix_reads_the_shorter_one_and_writes_the_rest() -> None:
    cache = PromptCache(Clock())
    short = cache.use("a", prompt(WORDS, marks=(CacheMark(1, 300),)))
    longer = cache.use("a", prompt(WORDS, WORDS, marks=(CacheMark(1, 300), CacheMark(2, 300))))
    assert longer.read_tokens == short.written_tokens
    assert longer.written_tokens == MIN_PREFIX_TOKENS + 2


def test_each_part_is_written_for_its_own_time() -> None:
    marks = (CacheMark(1, HOUR_S), CacheMark(2, 300))
    use = PromptCache(Clock()).use("a", prompt(WORDS, WORDS, marks=marks))
    assert use.written_1h_tokens > use.written_5m_tokens > 0


@pytest.mark.parametrize(("after_s", "is_read"), [(299, True), (301, False)])
def test_a_prefix_is_forgotten_in_time(after_s: int, is_read: bool) -> None:
    clock = Clock()
    cache, asked = PromptCache(clock), prompt(WORDS, marks=(CacheMark(1, 300),))
    cache.use("a", asked)
    clock.now_s = after_s
    assert bool(cache.use("a", asked).read_tokens) is is_read


def test_a_prefix_that_is_read_is_kept_for_longer() -> None:
    clock = Clock()
    cache, asked = PromptCache(clock), prompt(WORDS, marks=(CacheMark(1, 300),))
    for clock.now_s in (0, 200, 400, 600):
        use = cache.use("a", asked)
    assert use.read_tokens > 0


def test_nobody_reads_what_another_account_wrote() -> None:
    cache, asked = PromptCache(Clock()), prompt(WORDS, marks=(CacheMark(1, 300),))
    cache.use("a", asked)
    assert cache.use("b", asked).read_tokens == 0


def test_without_a_mark_nothing_is_cached() -> None:
    assert PromptCache(Clock()).use("a", prompt(WORDS, marks=())) == CacheUse()
