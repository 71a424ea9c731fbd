"""Fixtures: a place for each run, one healthy gateway, and runs that many tests only read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from process_gateway import Gateway, started
from process_run import Run, run

Judge = Callable[..., Run]


@pytest.fixture(scope="session")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Judge:
    """Runs the suite with some arguments, each time in a new place."""

    def judge(*arguments: str, **how: object) -> Run:
        place = tmp_path_factory.mktemp("run")
        return run(place, *arguments, **how)  # type: ignore[arg-type]

    return judge


@pytest.fixture(scope="session")
def gateway() -> Iterator[Gateway]:
    """A healthy gateway, started separately."""
    with started() as found:
        yield found


@pytest.fixture(scope="session")
def embedded(suite: Judge) -> Run:
    """The whole suite against the embedded gateway, in one process."""
    return suite()


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """An empty folder for one run and what it writes."""
    return tmp_path
