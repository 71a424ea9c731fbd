"""How likely the scripted model found its own tokens: always the same for the same token."""

from __future__ import annotations

from zlib import crc32

from reference_gateway.chat import Likelihood

# What else it might have said; more than the longest list that may be asked for.
_OTHERS = (
    *(" the", " a", " of", " and", " to", " in", " is", " it", " that", " for", " on", " with"),
    *(" as", " at", " by", " from", " or", " an", " be", " this", " not", " are", " but", " had"),
)
_STEP = 0.25


def likelihoods(words: list[str], top: int | None) -> tuple[Likelihood, ...]:
    """One for each token, with the `top` likeliest at its place; none where `top` is None."""
    return () if top is None else tuple(_likelihood(word, top) for word in words)


def _likelihood(word: str, top: int) -> Likelihood:
    logprob = -round(crc32(word.encode()) % 1000 / 1000, 3)
    others = (other for other in _OTHERS if other != word)
    ranked = ((other, round(logprob - _STEP * place, 3)) for place, other in enumerate(others, 1))
    return Likelihood(word, logprob, ((word, logprob), *ranked)[:top])
