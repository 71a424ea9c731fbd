"""A client in its sandbox: what it is given, and that nothing of it is left."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp
from time import monotonic
from urllib.parse import urlsplit

import pytest

from conformance.clients import outputs, processes, sandbox
from conformance.clients.sandbox import Finished

BUSY_S = 1.5
"""In this time an interpreter has begun, on a busy machine too."""

linux = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="there is no /proc")


@pytest.fixture
def home() -> Iterator[Path]:
    folder = Path(mkdtemp())
    yield folder
    shutil.rmtree(folder)


def run(script: str, home: Path, *, cap_s: float = 20.0, **env: str) -> Finished:
    """A Python script as the client; what is left of it gets little time to end by itself."""
    command = (sys.executable, "-S", "-c", script)
    return asyncio.run(sandbox.run(command, env=env, home=home, cap_s=cap_s, grace_s=0.2))


def is_alive(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except FileNotFoundError:
        return False
    return stat.rpartition(") ")[2][0] not in "ZX"


def test_a_client_is_run_to_its_end(home: Path) -> None:
    finished = run("import sys; print('Grüße'); print('oh', file=sys.stderr); sys.exit(3)", home)

    assert (finished.exit_status, finished.timed_out) == (3, False)
    assert (finished.stdout, finished.stderr) == ("Grüße\n", "oh\n")
    assert 0 < finished.seconds < 20


def test_it_sees_nothing_of_our_environment(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "ours")
    names = run("import os; print(*sorted(os.environ))", home, MINE="1").stdout.split()

    proxies = {"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"}
    given = {"PATH", "HOME", "TMPDIR", "LANG", "MINE", sandbox.MARKER}
    # LC_CTYPE is what Python sets by itself.
    assert set(names) - {"LC_CTYPE"} == given | proxies | {name.lower() for name in proxies}


def test_its_home_and_its_temporary_folder_are_its_own(home: Path) -> None:
    script = "import os, tempfile; print(os.environ['HOME'], tempfile.gettempdir(), os.getcwd())"

    assert run(script, home).stdout.split() == [str(home), str(home / "tmp"), str(home)]


def test_its_programs_come_before_the_systems(home: Path) -> None:
    program = home / "programs" / "sh"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho mine\n", encoding="utf-8")
    program.chmod(0o755)
    running = sandbox.run(("sh",), env={}, home=home, cap_s=20.0, path=(program.parent,))

    assert asyncio.run(running).stdout == "mine\n"


def test_its_proxy_refuses_and_loopback_needs_none(home: Path) -> None:
    script = (
        "import os, socket, urllib.parse, urllib.request\n"
        "address = urllib.parse.urlsplit(os.environ['https_proxy'])\n"
        "print(socket.socket().connect_ex((address.hostname, address.port)))\n"
        "print(urllib.request.proxy_bypass('127.0.0.1:80'))\n"
        "print(urllib.request.proxy_bypass('telemetry.example'))\n"
    )

    refused, loopback, elsewhere = run(script, home).stdout.split()
    assert refused != "0" and loopback == "True" and elsewhere == "False"


def test_nobody_else_can_listen_where_the_proxy_would_be() -> None:
    with sandbox.nowhere() as proxy, socket.socket() as other, pytest.raises(OSError, match="use"):
        other.bind(("127.0.0.1", urlsplit(proxy).port))


def test_one_that_reads_its_input_finds_its_end(home: Path) -> None:
    finished = run("import sys; print(repr(sys.stdin.read()))", home)

    assert (finished.stdout, finished.timed_out) == ("''\n", False)


def test_one_that_sleeps_beyond_its_cap_is_ended(home: Path) -> None:
    finished = run("import time; print('on', flush=True); time.sleep(60)", home, cap_s=BUSY_S)

    assert finished.timed_out and finished.exit_status == -signal.SIGTERM
    assert finished.stdout == "on\n" and BUSY_S <= finished.seconds < 20


def test_one_that_ignores_sigterm_is_killed(home: Path) -> None:
    script = (
        "import signal, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "print('ready', flush=True)\n"
        "time.sleep(60)\n"
    )
    finished = run(script, home, cap_s=BUSY_S)

    assert finished.timed_out and finished.exit_status == -signal.SIGKILL
    assert finished.stdout == "ready\n"


def test_one_that_heeds_sigterm_may_tidy_up(home: Path) -> None:
    script = (
        "import signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: (print('tidy', flush=True), sys.exit(0)))\n"
        "time.sleep(60)\n"
    )
    command = (sys.executable, "-S", "-c", script)
    running = sandbox.run(command, env={}, home=home, cap_s=BUSY_S, grace_s=20.0)
    finished = asyncio.run(running)

    assert finished.timed_out and (finished.exit_status, finished.stdout) == (0, "tidy\n")


ENDLESS = (
    "import os\n"
    "os.write(1, b'begin')\n"
    "while True:\n"
    "    os.write(1, b'x' * 60_000)\n"
    "    os.write(2, b'y' * 60_000)\n"
)


def test_one_that_prints_without_end_fills_no_memory(home: Path) -> None:
    finished = run(ENDLESS, home, cap_s=BUSY_S)

    assert finished.timed_out and finished.stdout.startswith("begin")
    assert "bytes left out]" in finished.stdout
    assert max(len(finished.stdout), len(finished.stderr)) < 2 * outputs.LONGEST + 100


DAEMON = (
    "import os, subprocess, sys\n"
    "sleeper = [sys.executable, '-S', '-c', {sleeper!r}]\n"
    "started = subprocess.Popen(sleeper, start_new_session={leaves})\n"
    "print(started.pid)\n"
)
SLEEPER = "import time; time.sleep(60)"
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"


@linux
@pytest.mark.parametrize(
    ("sleeper", "leaves"),
    [
        pytest.param(SLEEPER, False, id="in its group"),
        pytest.param(SLEEPER, True, id="in a session of its own"),
        pytest.param(DEAF, True, id="in a session of its own and deaf"),
    ],
)
def test_a_daemon_is_ended_with_the_client_that_left_it(
    home: Path, sleeper: str, leaves: bool
) -> None:
    before = monotonic()
    # It holds the client's outputs too, so whoever waits for their end would wait for it.
    finished = run(DAEMON.format(sleeper=sleeper, leaves=leaves), home)

    assert (finished.exit_status, finished.timed_out) == (0, False)
    assert not is_alive(int(finished.stdout)) and monotonic() - before < 20


@linux
def test_a_daemon_of_another_run_is_left_alone(home: Path) -> None:
    async def both() -> tuple[Finished, Finished]:
        command = (sys.executable, "-S", "-c", "import time; time.sleep(1); print('done')")
        longer = asyncio.create_task(sandbox.run(command, env={}, home=home, cap_s=20.0))
        shorter = await sandbox.run(("true",), env={}, home=home, cap_s=20.0)
        return await longer, shorter

    longer, shorter = asyncio.run(both())
    assert (longer.stdout, longer.exit_status, shorter.exit_status) == ("done\n", 0, 0)


@linux
def test_a_run_that_is_given_up_ends_its_client(home: Path) -> None:
    async def give_up() -> int:
        script = "import os, time; open('pid', 'w').write(str(os.getpid())); time.sleep(60)"
        command = (sys.executable, "-S", "-c", script)
        running = asyncio.create_task(sandbox.run(command, env={}, home=home, cap_s=60.0))
        while not (home / "pid").exists() or not (home / "pid").read_text(encoding="utf-8"):
            await asyncio.sleep(0.01)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        return int((home / "pid").read_text(encoding="utf-8"))

    assert not is_alive(asyncio.run(give_up()))


def test_a_program_that_is_not_there_is_told_as_shells_do(home: Path) -> None:
    running = sandbox.run(("no-such-program",), env={}, home=home, cap_s=20.0)
    finished = asyncio.run(running)

    assert finished.exit_status == sandbox.PROGRAM_NOT_FOUND
    assert finished.stderr == "no-such-program: No such file or directory"


def test_without_proc_the_group_is_ended(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "_PROC", home / "none")

    finished = run("import time; time.sleep(60)", home, cap_s=0.3)
    assert finished.timed_out and finished.exit_status == -signal.SIGTERM


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        pytest.param((), "", id="nothing"),
        pytest.param((b"abc", b"def"), "abcdef", id="all of it"),
        pytest.param((b"abcdefgh",), "abcdefgh", id="just all of it"),
        pytest.param((b"abc", b"defghij"), "abcd\n[2 bytes left out]\nghij", id="both ends"),
        pytest.param(("ü".encode()[:1], "ü".encode()[1:]), "ü", id="cut inside a character"),
    ],
)
def test_the_first_and_the_last_of_an_output_are_kept(pieces: tuple[bytes, ...], text: str) -> None:
    excerpt = outputs.Excerpt(4)
    for piece in pieces:
        excerpt.add(piece)

    assert excerpt.text == text


@linux
def test_our_own_process_has_no_mark() -> None:
    assert os.getpid() not in processes.living(-1, f"{sandbox.MARKER}=anything")
