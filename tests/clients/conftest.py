"""The clients are asked for by name: `tox run -e clients`, or `pytest tests/clients`.

Their tests install software, and belong to no run that only passes by.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reference_gateway.config import Config
from tests.gateway.gateway_live import Live, live

HERE = Path(__file__).parent
LARGEST_BYTES = 100_000
"""A body over this is refused here, so that the clients need not send 32 MB to see it."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip what nobody asked for by its path."""
    asked = [Path(config.invocation_params.dir, arg.partition("::")[0]) for arg in config.args]
    if any(HERE in (path.resolve(), *path.resolve().parents) for path in asked):
        return
    skipped = pytest.mark.skip(reason="asked for by name only: tox run -e clients")
    for item in items:
        if HERE in item.path.parents and "played" in getattr(item, "fixturenames", ()):
            item.add_marker(skipped)


@pytest.fixture(scope="session")
def gateway() -> Iterator[Live]:
    """The healthy gateway on loopback; only its size limit is not the default."""
    with live(Config(pace_s=0.0, max_body_bytes=LARGEST_BYTES)) as running:
        yield running
