"""Several answers to one prompt: their pieces interleaved, their usage added up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from reference_gateway.pieces import Finish, NextChoice, Piece, Start


def interleaved(answers: list[Iterator[Piece]]) -> Iterator[Piece]:
    """A piece of each answer in turn; the prompt is read, and counted, once."""
    if len(answers) == 1:
        yield from answers[0]
        return
    waiting, spent = dict(enumerate(answers)), [0] * len(answers)
    while waiting:
        for index, pieces in list(waiting.items()):
            piece = next(pieces)
            if isinstance(piece, Start):
                yield piece if index == 0 else NextChoice(index)
                continue
            yield NextChoice(index)
            if isinstance(piece, Finish):
                del waiting[index]
                spent[index] = piece.usage.output_tokens
                piece = _with_all(piece, spent)
            else:
                spent[index] += piece.tokens
            yield piece


def _with_all(finish: Finish, spent: list[int]) -> Finish:
    """The same end, with the output of every choice so far; the input counts once."""
    return replace(finish, usage=replace(finish.usage, output_tokens=sum(spent)))
