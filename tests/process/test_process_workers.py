"""Workers change neither what is sent nor what comes of it."""

from __future__ import annotations

import pytest
from process_gateway import Gateway
from process_run import Run

from conformance import archive

_SOME = "GW-AUTH-015 or GW-CAP-00 or ANT-STR"
"""What takes part: money, streams, and requests that are no HTTP."""

_WORKERS = pytest.mark.parametrize("workers", ["2", "4"])


@pytest.fixture(scope="module")
def runs(suite, gateway: Gateway) -> dict[str, tuple[Run, int]]:
    """A good part of the suite with 0, 2 and 4 workers, and what each cost the gateway."""
    found = {}
    for workers in ("0", "2", "4"):
        before = gateway.requests
        judged = suite(
            *(f"--base-url={gateway.base_url}", "--profile=reference", "-k", _SOME),
            *("-n", workers),
            env=gateway.with_control,
        )
        found[workers] = judged, gateway.requests - before
    return found


@_WORKERS
def test_workers_give_the_same_verdicts(runs: dict[str, tuple[Run, int]], workers: str) -> None:
    alone, shared = runs["0"][0], runs[workers][0]
    assert alone.status == shared.status == 0
    assert shared.verdicts == alone.verdicts


@_WORKERS
def test_workers_send_nothing_of_their_own(runs: dict[str, tuple[Run, int]], workers: str) -> None:
    assert runs[workers][1] == runs["0"][1] > 0


def test_the_footer_counts_what_the_gateway_counted(runs: dict[str, tuple[Run, int]]) -> None:
    run, requests = runs["2"]
    recorded = archive.read_all(run.folder / "recordings").values()
    answers = [exchange.answer for recording in recorded for exchange in recording.exchanges]
    # The HTTP server refuses what is no HTTP before the gateway hears of it.
    unheard = [answer for answer in answers if "Malformed HTTP request" in answer.text]
    assert run.judged.footer["requests"] == requests + len(unheard)
    assert unheard


@_WORKERS
def test_a_run_with_workers_is_whole(runs: dict[str, tuple[Run, int]], workers: str) -> None:
    judged = runs[workers][0].judged
    assert not judged.is_truncated
    assert sum(judged.footer["counts"].values()) == judged.header["planned"]
