"""The gateway as a process: its command line, its ready file, and its end."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from reference_gateway.__main__ import main

_GATEWAY = [sys.executable, "-m", "reference_gateway"]
_HELLO = {
    "model": "claude-haiku-4-5",
    "max_tokens": 9,
    "messages": [{"role": "user", "content": "x"}],
}


@contextlib.contextmanager
def _started(tmp_path: Path, *flags: str) -> Iterator[tuple[subprocess.Popen[bytes], Any]]:
    ready = tmp_path / "ready.json"
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [*_GATEWAY, "--ready-file", str(ready), "--exit-with-stdin", *flags],
        stdin=pipe,
        stdout=pipe,
        stderr=pipe,
    ) as process:
        try:
            while not ready.exists():
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(0.02)
                    raise AssertionError(process.stderr and process.stderr.read())
            yield process, json.loads(ready.read_text())
        finally:
            process.kill()


def test_the_ready_file_is_private_and_its_key_works(tmp_path: Path) -> None:
    with _started(tmp_path) as (_, ready):
        assert stat.S_IMODE((tmp_path / "ready.json").stat().st_mode) == 0o600
        assert sorted(ready) == ["base_url", "control_token", "control_url", "key"]
        sent = {"x-api-key": ready["key"]}
        assert httpx.post(f"{ready['base_url']}/v1/messages", json=_HELLO, headers=sent).is_success
        assert [path.name for path in tmp_path.iterdir()] == ["ready.json"]


def test_it_ends_with_its_stdin_and_prints_no_secret(tmp_path: Path) -> None:
    with _started(tmp_path) as (process, ready):
        for header in (ready["key"], "th-someones-key", "th-x\x01y"):
            with contextlib.suppress(httpx.HTTPError):
                url = f"{ready['base_url']}/v1/messages"
                httpx.post(url, json=_HELLO, headers={"x-api-key": header.encode()})
        out, err = process.communicate(timeout=10)
    assert process.returncode == 0
    for secret in (ready["key"], ready["control_token"], "th-someones-key", "th-x"):
        assert secret.encode() not in out + err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["TERM", "INT"])
def test_an_open_stream_is_finished_before_the_process_ends(
    tmp_path: Path, number: signal.Signals
) -> None:
    config = tmp_path / "gateway.toml"
    config.write_text("pace_s = 0.02\n")
    with _started(tmp_path, "--config", str(config)) as (process, ready):
        prompt = [{"role": "user", "content": "Count from 1 to 120"}]
        body = {**_HELLO, "messages": prompt, "max_tokens": 300, "stream": True}
        url, sent = f"{ready['base_url']}/v1/messages", {"x-api-key": ready["key"]}
        with httpx.stream("POST", url, json=body, headers=sent, timeout=20) as answer:
            chunks = answer.iter_bytes()
            begun = next(chunks)
            process.send_signal(number)
            rest = b"".join(chunks)
        assert b"message_stop" not in begun and rest.endswith(b'{"type":"message_stop"}\n\n')
        assert process.wait(10) == 0


def test_without_a_ready_file_only_the_address_is_printed() -> None:
    with subprocess.Popen(
        [*_GATEWAY, "--exit-with-stdin"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout and process.stdout.readline().startswith(b"http://127.0.0.1:")
        assert process.communicate(timeout=10)[0] == b"" and process.returncode == 0


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--fault", "no-such-fault"], "no-such-fault"),
        (["--host", "0.0.0.0"], "loopback"),
        (["--host", "example.com"], "loopback"),
        (["--port", "70000"], "70000"),
        (["--config", "/nonexistent.toml"], "/nonexistent.toml"),
        (["--ledger", "/nonexistent/x.sqlite"], "/nonexistent/x.sqlite"),
        (["--ready-file", "/nonexistent/ready.json"], "/nonexistent/ready.json"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_a_users_mistake_is_one_line_and_status_2(
    capsys: pytest.CaptureFixture[str], flags: list[str], said: str
) -> None:
    assert main(flags) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and said in err


@pytest.mark.parametrize("text", ["port = ", "prot = 1", "port = '1'", "faults = [1]"])
def test_a_wrong_configuration_is_one_line_and_status_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    config = tmp_path / "gateway.toml"
    config.write_text(text)
    assert main(["--config", str(config)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_port_in_use_is_one_line_and_status_2(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["--port", str(port)]) == 2
    assert str(port) in capsys.readouterr().err


def test_the_faults_are_listed_with_what_they_break(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list-faults"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "openai-stream-without-done\tOAI-SSE-007" in lines
    assert all(line.count("\t") == 1 for line in lines)
