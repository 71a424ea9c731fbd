"""`judge` and `pytest --recordings`: output, exit status, nothing sent."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from conformance import verdicts
from conformance.__main__ import main
from conformance.registry import requirements, unasked
from tests.offline.offline_files import GOLDEN, line, lines_file, of, write_lines

ROOT = Path(__file__).parents[2]


def broken_file(folder: Path) -> Path:
    """Two exchanges without ids, the second of which breaks a MUST."""
    rows = [line(of("openai-plain#1")), line(of("openai-stream#1"))]
    rows[1]["response"]["body"] = rows[1]["response"]["body"].replace("data: [DONE]\n\n", "")
    return write_lines(folder / "broken.jsonl", [{**row, "id": None} for row in rows])


def test_json_is_one_object(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status = main(["judge", str(broken_file(tmp_path)), "--json", "--no-report"])

    said = capsys.readouterr()
    table = json.loads(said.out)
    found = {row["requirement"]: row for row in table["verdicts"]}
    assert (status, said.err) == (1, "")
    assert set(table) == {"exchanges", "counts", "verdicts"}
    assert table["exchanges"] == 2
    assert sum(table["counts"].values()) == len(table["verdicts"]) == len(requirements())
    assert found["OAI-SSE-007"] == {
        "requirement": "OAI-SSE-007",
        "level": "must",
        "outcome": "fail",
        "reason": "",
        "flags": [],
        "violations": [
            {
                "exchange": "1",
                "where": "events",
                "expected": "one [DONE], last",
                "actual": found["OAI-SSE-007"]["violations"][0]["actual"],
                "level": "must",
            }
        ],
    }


def test_a_run_folder_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["judge", str(broken_file(tmp_path)), "--report-dir", str(tmp_path / "run")]) == 1

    judged = verdicts.read(tmp_path / "run")
    assert judged.footer["exit_status"] == 1
    assert judged.header["origin"] == "recordings"
    assert (tmp_path / "run" / "report.html").is_file()
    assert "OAI-SSE-007 (MUST)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        pytest.param([str(GOLDEN)], 0, id="sound"),
        pytest.param(["broken"], 1, id="a broken MUST"),
        pytest.param(["broken", "--kind", "vendor"], 0, id="which is none for a vendor"),
        pytest.param(["broken", "--kind", "vendor", "--fail-on", "should"], 1, id="but a SHOULD"),
        pytest.param(["cut"], 4, id="something unread"),
        pytest.param(["broken", "cut"], 1, id="a broken MUST beside something unread"),
        pytest.param(["other"], 7, id="nothing of ours"),
        pytest.param(["none.har"], 4, id="no such file"),
    ],
)
def test_the_exit_status_says_it(arguments: list[str], status: int, tmp_path: Path) -> None:
    cut = lines_file(tmp_path).rename(tmp_path / "cut.jsonl")
    cut.write_bytes(cut.read_bytes()[:-100])
    other = {"request": {"method": "GET", "url": "/"}, "response": {"status": 200, "body": "x"}}
    files = {
        "broken": broken_file(tmp_path),
        "cut": cut,
        "other": write_lines(tmp_path / "other.jsonl", [other]),
    }
    words = [str(files.get(word, word)) for word in arguments]

    assert main(["judge", *words, "--no-report"]) == status


def test_ids_of_several_files_name_their_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["judge", str(broken_file(tmp_path)), str(lines_file(tmp_path)), "--json", "--no-report"])

    table = json.loads(capsys.readouterr().out)
    named = {v["exchange"] for row in table["verdicts"] for v in row["violations"]}
    assert named == {"broken.jsonl#1"}


def _pytest(*arguments: str) -> subprocess.CompletedProcess[str]:
    environ = {n: v for n, v in os.environ.items() if not n.startswith(("PYTEST_", "COV"))}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", *arguments],
        cwd=ROOT,
        env=environ | {"BASE_URL": "", "PYTEST_BASE_URL": ""},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("more", [(), ("-n", "2")], ids=["one process", "workers"])
def test_pytest_judges_recordings_as_items(more: tuple[str, ...], tmp_path: Path) -> None:
    folder = tmp_path / "run"
    done = _pytest(f"--recordings={broken_file(tmp_path)}", f"--report-dir={folder}", *more)

    assert done.returncode == 1, done.stdout + done.stderr
    assert "nothing is sent" in done.stdout
    assert "OAI-SSE-007 (MUST)" in done.stdout
    judged = verdicts.read(folder)
    assert len(judged.verdicts) == len(unasked())
    assert judged.footer["requests"] == 0


def test_pytest_selects_among_recordings(tmp_path: Path) -> None:
    done = _pytest(
        f"--recordings={lines_file(tmp_path)}",
        f"--report-dir={tmp_path / 'run'}",
        *("-k", "ANT-STR", "-m", "must"),
    )

    judged = verdicts.read(tmp_path / "run")
    assert done.returncode == 0, done.stdout
    assert {verdict.requirement[:7] for verdict in judged.verdicts} == {"ANT-STR"}


def test_recordings_and_a_gateway_exclude_each_other(tmp_path: Path) -> None:
    done = _pytest(f"--recordings={lines_file(tmp_path)}", "--base-url=http://127.0.0.1:1")

    assert done.returncode == 4
    assert "--recordings and --base-url" in done.stderr


def test_the_benchmark_runs() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "benchmarks" / "offline.py"), "100", "--rounds", "1"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )

    assert "exchanges/s" in done.stdout
