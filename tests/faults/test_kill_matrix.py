"""The published matrix is the one that the faults declare."""

from __future__ import annotations

from pathlib import Path

from tests.faults.kill_matrix import page

PUBLISHED = Path(__file__).parents[2] / "docs" / "kill-matrix.md"


def test_the_published_matrix_is_up_to_date() -> None:
    assert PUBLISHED.read_text(encoding="utf-8") == page()
