"""`pytest` alone: the embedded gateway is started, judged, and ended whatever happens."""

from __future__ import annotations

import os
import signal
import socket
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from process_gateway import is_listening
from process_run import Run, Underway, underway

from conformance import archive
from conformance.registry import unasked

# Keeps the run busy for as long as its deadlines allow.
_ENDLESS = ("--fault", "anthropic-stream-stays-open", "-m", "smoke")


def test_the_embedded_gateway_conforms(embedded: Run) -> None:
    assert embedded.status == 0
    assert not embedded.failing


def test_every_selected_requirement_has_one_verdict(embedded: Run) -> None:
    found = Counter(verdict.requirement for verdict in embedded.judged.verdicts)
    assert set(found) == set(unasked()) and set(found.values()) == {1}


def test_the_counts_add_up_to_what_was_planned(embedded: Run) -> None:
    judged = embedded.judged
    assert sum(judged.footer["counts"].values()) == judged.header["planned"]
    assert judged.header["planned"] == len(judged.verdicts)


def test_the_footer_says_how_the_run_ended(embedded: Run) -> None:
    judged = embedded.judged
    assert not judged.is_truncated and judged.footer["exit_status"] == 0
    assert judged.footer["requests"] == judged.header["planned_exchanges"]


def test_the_first_line_of_the_run_names_the_target_and_its_origin(embedded: Run) -> None:
    target = embedded.judged.header["target"]
    line = embedded.line("target:")
    assert line == f"target: {target} (from the embedded reference gateway)"


def test_progress_is_shown_while_recording(embedded: Run) -> None:
    assert "recording: " in embedded.output


def test_the_report_is_named_and_there(embedded: Run) -> None:
    assert embedded.line("report: ") == f"report: {embedded.folder / 'report.html'}"
    assert (embedded.folder / "report.html").stat().st_size > 1000


def test_the_embedded_gateway_is_gone_after_the_run(embedded: Run) -> None:
    assert not is_listening(embedded.judged.header["target"])


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "with workers"])
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=["KILL", "TERM"])
def test_a_killed_run_leaves_no_gateway_behind(
    place: Path, number: signal.Signals, workers: tuple[str, ...]
) -> None:
    with underway(place, *_ENDLESS, *workers) as found:
        with _connected_when_recording(found) as witness:
            found.process.send_signal(number)
            # Blocks until the gateway lets go of its connections.
            assert witness.recv(1) == b""
        ended = found.ended()
    assert ended.status == -number
    assert not is_listening(ended.judged.header["target"])


def _interrupt_pytest(run: Underway) -> None:
    run.process.send_signal(signal.SIGINT)


def _interrupt_the_terminal(run: Underway) -> None:
    os.killpg(run.process.pid, signal.SIGINT)


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "with workers"])
@pytest.mark.parametrize("interrupt", [_interrupt_pytest, _interrupt_the_terminal])
def test_an_interrupted_run_keeps_what_it_has(
    place: Path, interrupt: Callable[[Underway], None], workers: tuple[str, ...]
) -> None:
    with underway(place, *_ENDLESS, *workers) as found:
        found.until("recording:")
        interrupt(found)
        ended = found.ended()
    assert ended.status == 2 and not ended.broke_down
    assert ended.judged.is_truncated
    assert archive.read_all(ended.folder / "recordings")
    assert not is_listening(ended.judged.header["target"])


def _connected_when_recording(run: Underway) -> socket.socket:
    """A connection to the gateway of a run that has begun to record."""
    url = urlsplit(run.until("target:").split()[1])
    connection = socket.create_connection((str(url.hostname), int(url.port or 0)), 20)
    run.until("recording:")
    return connection
