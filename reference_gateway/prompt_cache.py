"""The prompt cache: which prefix of a prompt was read before, and how much of it."""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, replace

from reference_gateway import tokens
from reference_gateway.chat import NO_CACHE, CacheUse, Prompt
from reference_gateway.pieces import Finish, Piece, Start

# A shorter prefix is not worth keeping, and reports nothing.
MIN_PREFIX_TOKENS = 1_024
HOUR_S = 3_600
_MAX_PREFIXES = 1_000


@dataclass(frozen=True)
class _Prefix:
    digest: bytes
    tokens: int
    ttl_s: int


class PromptCache:
    """Remembers prefixes by scope (an account and a model) until they expire."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._expiry: OrderedDict[bytes, float] = OrderedDict()

    async def noted(
        self, scope: str, prompt: Prompt, pieces: AsyncIterator[Piece]
    ) -> AsyncIterator[Piece]:
        """Pass the pieces on, with the use of the cache in their counts."""
        use = NO_CACHE
        async for piece in pieces:
            if isinstance(piece, Start):
                use = self.use(scope, prompt)
                yield replace(piece, cache=use)
            elif isinstance(piece, Finish):
                yield replace(piece, usage=replace(piece.usage, cache=use))
            else:
                yield piece

    def use(self, scope: str, prompt: Prompt) -> CacheUse:
        """Read the longest marked prefix that is known, and keep the marked ones beyond it."""
        read, written = 0, {True: 0, False: 0}
        prefixes = list(_prefixes(scope, prompt))
        for prefix in reversed(prefixes):
            if self._expiry.get(prefix.digest, 0) > self._clock():
                read = prefix.tokens
                break
        reached = read
        for prefix in prefixes:
            self._keep(prefix)
            written[prefix.ttl_s >= HOUR_S] += max(0, prefix.tokens - reached)
            reached = max(reached, prefix.tokens)
        return CacheUse(read, written[False], written[True])

    def _keep(self, prefix: _Prefix) -> None:
        self._expiry[prefix.digest] = self._clock() + prefix.ttl_s
        self._expiry.move_to_end(prefix.digest)
        while len(self._expiry) > _MAX_PREFIXES:
            self._expiry.popitem(last=False)


def _prefixes(scope: str, prompt: Prompt) -> Iterator[_Prefix]:
    """The marked prefixes that are long enough, shortest first."""
    ttl_s = {mark.length: mark.ttl_s for mark in prompt.cache_marks}
    digest, total = hashlib.sha256(scope.encode()), tokens.PROMPT_OVERHEAD_TOKENS
    for length, (item, count) in enumerate(tokens.items(prompt) if ttl_s else (), start=1):
        digest.update(hashlib.sha256(item.encode(errors="surrogatepass")).digest())
        total += count
        if length in ttl_s and total >= MIN_PREFIX_TOKENS:
            yield _Prefix(digest.copy().digest(), total, ttl_s[length])
