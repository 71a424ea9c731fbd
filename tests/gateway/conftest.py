"""Fixtures: one healthy gateway for a module's tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from gateway_live import Live, live


@pytest.fixture(scope="module")
def gateway() -> Iterator[Live]:
    """A healthy gateway with an in-memory database."""
    with live() as running:
        yield running
