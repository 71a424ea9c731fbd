"""The lab as a process: its command line, its ready file, and its end."""

from __future__ import annotations

import contextlib
import json
import signal
import stat
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from reference_gateway.lab.__main__ import main

_LAB = [sys.executable, "-m", "reference_gateway.lab"]
_NAMES = ["key", "refused_url", "token", "url"]


def test_the_ready_file_is_private_and_says_all_there_is(tmp_path: Path) -> None:
    ready = tmp_path / "ready.json"
    flags = ["--ready-file", str(ready), "--exit-with-stdin"]
    with subprocess.Popen([*_LAB, *flags], stdin=subprocess.PIPE) as process:
        while not ready.exists():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.02)
                raise AssertionError("the lab ended before it was ready")
        assert stat.S_IMODE(ready.stat().st_mode) == 0o600
        said = json.loads(ready.read_text())
        bearer = {"authorization": f"Bearer {said['token']}"}
        about = httpx.get(f"{said['url']}/lab", headers=bearer).json()
        process.communicate(timeout=10)
    assert sorted(said) == _NAMES and process.returncode == 0
    assert [about[name] for name in ("key", "refused_url")] == [said["key"], said["refused_url"]]
    assert [path.name for path in tmp_path.iterdir()] == ["ready.json"]


def test_without_a_ready_file_all_is_printed_and_a_signal_ends_it() -> None:
    with subprocess.Popen(_LAB, stdout=subprocess.PIPE) as process:
        assert process.stdout
        said = json.loads(process.stdout.readline())
        assert sorted(said) == _NAMES and said["url"].startswith("http://127.0.0.1:")
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


def test_a_silent_answer_does_not_hold_up_the_end() -> None:
    with subprocess.Popen(
        [*_LAB, "--exit-with-stdin"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout
        said = json.loads(process.stdout.readline())
        text = '[[lab {"stream": {"first_event_s": 300}}]]'
        body = {"model": "m", "messages": [{"role": "user", "content": text}], "stream": True}
        url = f"{said['url']}/openai/v1/chat/completions"
        bearer = {"authorization": f"Bearer {said['key']}"}
        with httpx.stream("POST", url, json=body, headers=bearer) as answer:
            assert answer.status_code == 200
            process.communicate(timeout=10)
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--host", "0.0.0.0"], "loopback"),
        (["--port", "70000"], "70000"),
        (["--ready-file", "/nonexistent/ready.json"], "/nonexistent/ready.json"),
    ],
    ids=["host", "port", "file"],
)
def test_a_users_mistake_is_one_line_and_status_2(
    capsys: pytest.CaptureFixture[str], flags: list[str], said: str
) -> None:
    assert main(flags) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and said in err
