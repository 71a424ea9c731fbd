"""What we count ourselves of an answer, for an upstream that does not say what it counted."""

from __future__ import annotations

from collections.abc import Iterator

from reference_gateway.pieces import Meter, Piece


class Tally(Meter):
    """Counts pieces as they pass."""

    def counted(self, pieces: Iterator[Piece]) -> Iterator[Piece]:
        """Pass the pieces on, counting each before it is handed over."""
        for piece in pieces:
            self.count(piece)
            yield piece
