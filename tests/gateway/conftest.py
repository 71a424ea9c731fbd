"""Fixtures: one healthy gateway, or one lab, for a module's tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from gateway_live import Live, live
from lab_live import Before, standing


@pytest.fixture(scope="module")
def gateway() -> Iterator[Live]:
    """A healthy gateway with an in-memory database."""
    with live() as running:
        yield running


@pytest.fixture(scope="module")
def lab() -> Iterator[Before]:
    """A lab, and somebody who stands before it as a gateway does."""
    with standing() as before:
        yield before
