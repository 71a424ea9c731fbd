"""The options by which pytest's users select, and what is sent for a selection."""

from __future__ import annotations

from pathlib import Path

import pytest
from process_gateway import Gateway, started
from process_run import Run, run

from conformance.catalogue import catalogue
from conformance.model import Level
from conformance.registry import requirements
from conformance.summary import SIX


@pytest.fixture(scope="module")
def smoke(suite, gateway: Gateway) -> tuple[Run, int]:
    """The smoke selection, and how many requests it took."""
    before = gateway.requests
    found = suite(
        *(f"--base-url={gateway.base_url}", "--profile=reference", "-m", "smoke"),
        env=gateway.with_control,
    )
    return found, gateway.requests - before


def test_smoke_takes_ten_requests_at_most(smoke: tuple[Run, int]) -> None:
    assert smoke[0].status == 0
    assert 6 <= smoke[1] <= 10


def test_smoke_prints_the_documented_six(smoke: tuple[Run, int]) -> None:
    for name in SIX:
        outcome, id = smoke[0].line(f"{name:<18} ").removeprefix(name).split()
        assert outcome == "pass" and id.strip("()") in smoke[0].outcomes


def test_smoke_is_the_musts_of_the_documented_six(smoke: tuple[Run, int]) -> None:
    wanted = {
        r.id
        for r in requirements().values()
        if r.six and catalogue()[r.id].level("gateway") is Level.MUST
    }
    assert set(smoke[0].outcomes) == wanted


@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_listing_sends_nothing(suite, gateway: Gateway, workers: str) -> None:
    before = gateway.requests
    found = suite(
        *("--collect-only", "-q", f"--base-url={gateway.base_url}", "-n", workers),
        env=gateway.with_key,
    )
    assert found.status == 0
    assert "test_openai.py::test_requirement[OAI-SSE-007]" in found.output
    assert gateway.requests == before and not found.folder.exists()


@pytest.mark.parametrize(
    ("selection", "wanted"),
    [
        (("-k", "OAI-SSE"), lambda id: id.startswith("OAI-SSE-")),
        (
            ("-m", "must", "-k", "OAI-SSE"),
            lambda id: id.startswith("OAI-SSE-") and catalogue()[id].level("gateway") is Level.MUST,
        ),
        (
            ("-m", "must and stream"),
            lambda id: (
                catalogue()[id].level("gateway") is Level.MUST and "stream" in catalogue()[id].scope
            ),
        ),
        (
            ("-m", "should", "-k", "ANT-STR"),
            lambda id: (
                id.startswith("ANT-STR-") and catalogue()[id].level("gateway") is Level.SHOULD
            ),
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_selection_judges_what_it_names(suite, selection: tuple[str, ...], wanted) -> None:
    found = suite(*selection)
    assert found.status == 0
    assert set(found.outcomes) == {id for id in requirements() if wanted(id)} != set()


def test_a_node_id_selects_one_requirement(suite) -> None:
    found = suite("conformance/suite/test_openai.py::test_requirement[OAI-SSE-007]")
    assert found.status == 0 and found.outcomes == {"OAI-SSE-007": "pass"}


def test_a_narrow_selection_sends_less_than_the_whole(suite, embedded: Run) -> None:
    found = suite("-k", "OAI-CHAT-001")
    assert 0 < found.judged.footer["requests"] < embedded.judged.footer["requests"] / 2


@pytest.mark.parametrize("workers", ["0", "2"])
def test_the_last_failed_are_judged_again_with_requests_of_their_own(
    tmp_path: Path, workers: str
) -> None:
    cache = ("-o", f"cache_dir={tmp_path / 'kept'}")
    with started("openai-stream-without-done") as wrong:
        options = (f"--base-url={wrong.base_url}", "-k", "OAI-SSE", *cache, "-n", workers)
        first = run(tmp_path / "first", *options, env=wrong.with_key)
        before = wrong.requests
        again = run(tmp_path / "again", *options, "--lf", env=wrong.with_key)
        sent = wrong.requests - before
    assert first.status == again.status == 1
    assert again.outcomes == {"OAI-SSE-007": "fail"} and len(first.outcomes) > 1
    assert sent == again.judged.footer["requests"] > 0


def test_the_run_stops_at_the_first_failure_where_asked(suite) -> None:
    found = suite("-x", "--fault=openai-stream-without-done", "-k", "OAI-SSE")
    outcomes = list(found.outcomes.values())
    assert found.status != 0 and "fail" in outcomes
