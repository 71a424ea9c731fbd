"""Production manners: an interrupted run goes on unpaid, a second try is told, money ends."""

from __future__ import annotations

import json
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from process_gateway import Gateway
from process_run import ROOT, Run, run, underway
from process_servers import Request, Server, always, relay, serving

from conformance.resume import INTERRUPTED

_BROKEN = always("503 Service Unavailable", "application/json", '{"error": {"message": "no"}}')
_SLOTS = 2
_SOME = ("-k", "ANT-STR or OAI-SSE or OAI-CHAT")


@dataclass
class Turnstile:
    """Lets so many requests through to a gateway, and holds all others until it is opened."""

    gateway: Gateway
    most: int
    answered: Counter[str] = field(default_factory=Counter)
    stuck: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    is_open: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, request: Request) -> None:
        with self._lock:
            passes = self.is_open or self.answered.total() < self.most
            if passes:
                credential = request.headers.get("authorization", request.headers.get("x-api-key"))
                self.answered[f"{request.target} {credential} {request.body!r}"] += 1
        if passes:
            relay(self.gateway.base_url)(request)
        else:
            self.stuck.release()
            request.ended.wait()


@dataclass
class Resumed:
    """An interrupted run, and the same one resumed."""

    server: Server
    turnstile: Turnstile
    before: Run
    after: Run
    kept: set[str]


@pytest.fixture(scope="module")
def resumed(gateway: Gateway, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Resumed]:
    """A run that is interrupted (Ctrl-C) while every slot waits for an answer, then resumed."""
    place, turnstile = tmp_path_factory.mktemp("resumed"), Turnstile(gateway, 30)
    environ = gateway.with_control
    with serving(turnstile) as server:
        asked = (f"--base-url={server.url}", "--profile=reference", *_SOME)
        asked += (f"--concurrency={_SLOTS}",)
        with underway(place, *asked, env=environ) as found:
            for _ in range(_SLOTS):
                assert turnstile.stuck.acquire(timeout=60)
            found.process.send_signal(signal.SIGINT)
            before = found.ended()
        kept = {path.name for path in (before.folder / "recordings").iterdir()}
        assert before.judged.is_truncated
        turnstile.is_open = True
        again = (*asked, f"--resume={before.folder}", "-n", "2")
        after = run(place, *again, env=environ)
        yield Resumed(server, turnstile, before, after, kept)


def test_an_interrupted_run_keeps_recordings_and_report(resumed: Resumed) -> None:
    assert resumed.before.status == 2 and not resumed.before.broke_down
    assert len(resumed.kept) > 10


def test_a_resumed_run_is_whole(resumed: Resumed) -> None:
    after = resumed.after
    assert after.status == 0 and not after.failing, after.output
    judged = after.judged
    assert not judged.is_truncated and len(judged.verdicts) == judged.header["planned"]
    assert f"resumed: {len(resumed.kept)} recordings of " in after.output
    assert judged.preflight["warnings"][0].startswith("resumed: ")
    assert (after.folder / INTERRUPTED).is_file()


def test_nothing_is_paid_twice(resumed: Resumed) -> None:
    planned = resumed.after.judged.header["planned_exchanges"]
    assert resumed.turnstile.answered.total() == planned
    assert resumed.after.judged.footer["requests"] == planned - resumed.turnstile.most


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("-k", "OAI-SSE"), "another plan"),
        (("--profile=generic",), "another profile"),
        ((), "is complete; there is nothing to resume"),
    ],
    ids=["plan", "profile", "complete"],
)
def test_another_run_is_not_resumed(
    resumed: Resumed, gateway: Gateway, tmp_path: Path, options: tuple[str, ...], words: str
) -> None:
    asked = (f"--base-url={resumed.server.url}", "--profile=reference", *_SOME, *options)
    before = resumed.turnstile.answered.total()
    folder = resumed.after.folder
    found = run(tmp_path, *asked, f"--resume={folder}", env=gateway.with_control)
    assert found.status == 4 and words in found.line("--resume: ")
    assert resumed.turnstile.answered.total() == before
    assert not resumed.after.judged.is_truncated


def test_both_files_of_verdicts_follow_the_schema(resumed: Resumed) -> None:
    schema = json.loads((ROOT / "schemas" / "verdicts.json").read_text(encoding="utf-8"))
    for name in (INTERRUPTED, "verdicts.jsonl"):
        for line in (resumed.after.folder / name).read_text().splitlines():
            Draft202012Validator(schema).validate(json.loads(line))


def test_what_passes_at_a_second_try_is_flaky(gateway: Gateway, tmp_path: Path) -> None:
    passed_on, first = relay(gateway.base_url), threading.Semaphore(1)

    def fail_once(request: Request) -> None:
        is_first = "chat" in request.target and first.acquire(blocking=False)
        (_BROKEN if is_first else passed_on)(request)

    with serving(fail_once) as server:
        found = run(
            tmp_path,
            *(f"--base-url={server.url}/v1", "--protocol=openai", "--fail-flaky"),
            *("-k", "OAI-HTTP-001 or OAI-SSE-007"),
            env=gateway.with_key,
        )
    assert found.outcomes == {"OAI-HTTP-001": "pass", "OAI-SSE-007": "pass"}
    assert found.verdicts["OAI-HTTP-001"].flags == ("flaky",) and found.status == 1
    assert not found.verdicts["OAI-SSE-007"].flags
    tries = "openai-plain#1 got 503, then openai-plain#2 got 200"
    assert found.line("flaky OAI-HTTP-001").endswith(tries)


def test_a_plan_beyond_the_limit_is_refused_before_anything_is_sent(
    gateway: Gateway, tmp_path: Path
) -> None:
    before = gateway.requests
    found = run(
        tmp_path, f"--base-url={gateway.base_url}", "--max-requests=3", env=gateway.with_key
    )
    assert found.status == 4 and gateway.requests == before
    assert "requests; select less" in found.line("ERROR: --max-requests 3: the plan needs ")
    assert not list(tmp_path.joinpath("run").glob("*"))
