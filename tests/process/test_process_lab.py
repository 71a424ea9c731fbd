"""The lab behind a gateway: the command that starts it, and runs that know of it."""

from __future__ import annotations

import signal
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from process_gateway import Gateway, is_listening, started
from process_run import LONGEST_S, Run, environment

from conformance import archive
from conformance.lab_configs import UPSTREAM_KEY
from conformance.model import Outcome
from conformance.registry import LAB_MODELS

Judge = Callable[..., Run]
_SOME = "GW-UP-006 or GW-UP-045 or GW-SSE-003 or OAI-ERR-011"
"""What shows the lab: passages, and answers that were ordered to break."""


@dataclass
class Command:
    """`gateway-conformance lab` while it runs: what it printed to either stream."""

    process: subprocess.Popen[str]
    out: Path
    said: str = ""

    def value(self, name: str) -> str:
        """What it says to export."""
        found = [x for x in self.said.splitlines() if x.strip().startswith(f"export {name}=")]
        return found[0].partition("=")[2].partition(" ")[0]

    @property
    def url(self) -> str:
        """Where the lab listens."""
        first = next(line for line in self.said.splitlines() if "The lab listens on" in line)
        return first.split()[4].rstrip(";")

    def interrupted(self) -> int:
        """The exit status after Ctrl-C."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(LONGEST_S)


@contextmanager
def command(place: Path, config: str) -> Iterator[Command]:
    """Start the command; stdout goes into a file, as a user redirects it."""
    out = place / "config"
    with (
        out.open("w", encoding="utf-8") as file,
        subprocess.Popen(
            [sys.executable, "-m", "conformance", "lab", "--config", config],
            stdout=file,
            stderr=subprocess.PIPE,
            env=environment(),
            text=True,
        ) as process,
    ):
        found = Command(process, out)
        try:
            assert process.stderr is not None
            for line in process.stderr:
                found.said += line
                if "gateway-conformance run" in line:
                    break
            yield found
        finally:
            process.kill()


def test_the_command_runs_until_it_is_interrupted_and_leaves_nothing(place: Path) -> None:
    with command(place, "litellm") as lab:
        assert is_listening(lab.url)
        assert lab.interrupted() == 0
        assert not is_listening(lab.url)


@pytest.mark.parametrize("config", ["litellm", "portkey", "reference"])
def test_a_config_is_a_file_without_keys(place: Path, config: str) -> None:
    with command(place, config) as lab:
        text = lab.out.read_text()

    key, token = lab.value(UPSTREAM_KEY), lab.value("GATEWAY_LAB_TOKEN")
    assert key.startswith("lab-") and key not in text and token not in text
    assert all(name in text for name in LAB_MODELS.values()) and lab.url in text
    assert yaml.safe_load(text) if config == "litellm" else tomllib.loads(text)
    assert f"--lab={lab.url}" in lab.said


def test_an_address_that_is_none_of_ours_is_one_line() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "conformance", "lab", "--host", "192.0.2.1"],
        capture_output=True,
        text=True,
        timeout=LONGEST_S,
        check=False,
    )
    assert done.returncode == 4 and "the lab did not start" in done.stderr
    assert "Traceback" not in done.stderr


@dataclass(frozen=True)
class Behind:
    """A reference gateway that was configured with `--config reference`, and its lab."""

    gateway: Gateway
    lab_url: str
    environ: dict[str, str]

    @property
    def arguments(self) -> tuple[str, ...]:
        """How a run is told of both."""
        return (f"--base-url={self.gateway.base_url}", f"--lab={self.lab_url}")


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Behind]:
    """The whole path as the command tells it."""
    place = tmp_path_factory.mktemp("behind")
    with command(place, "reference") as lab:
        key = {UPSTREAM_KEY: lab.value(UPSTREAM_KEY)}
        with started(arguments=("--config", str(lab.out)), env=key) as gateway:
            token = {"GATEWAY_LAB_TOKEN": lab.value("GATEWAY_LAB_TOKEN")}
            yield Behind(gateway, lab.url, gateway.with_key | token)


@pytest.fixture(scope="module")
def judged(suite: Judge, behind: Behind) -> Run:
    """A run with the generic profile, whose models the user does not name."""
    return suite(*behind.arguments, "--model=claude-haiku-4-5", "-k", _SOME, env=behind.environ)


def test_a_foreign_gateway_is_judged_from_both_sides(judged: Run) -> None:
    assert judged.status == 0, judged.output
    assert set(judged.outcomes.values()) == {Outcome.PASS}
    assert judged.judged.header["lab"] and "to the lab, for nothing" in judged.output


def test_what_the_lab_saw_is_in_the_recordings_without_any_key(judged: Run, behind: Behind) -> None:
    recordings = archive.read_all(judged.folder / "recordings")
    upstream = recordings["lab-passage-anthropic-openai"].upstream

    assert [e.provider for e in upstream] == ["openai"] * 3
    assert upstream[0].request.header("authorization") == "Bearer [key:upstream:whole]"
    written = "".join(p.read_text() for p in judged.folder.rglob("*.json*"))
    assert behind.environ["GATEWAY_LAB_TOKEN"] not in written


def test_the_report_shows_the_side_and_the_provider(judged: Run) -> None:
    page = (judged.folder / "report.html").read_text()

    assert "upstream, provider openai" in page and "upstream, provider anthropic" in page


def test_workers_judge_the_lab_from_the_folder(suite: Judge, judged: Run, behind: Behind) -> None:
    how = (*behind.arguments, "--model=claude-haiku-4-5", "-k", _SOME, "-n", "2")
    shared = suite(*how, env=behind.environ)

    assert shared.status == 0 and shared.outcomes == judged.outcomes
    assert shared.judged.footer["requests"] == judged.judged.footer["requests"]


def test_without_the_option_nothing_of_the_lab_is_covered(suite: Judge, behind: Behind) -> None:
    how = (behind.arguments[0], "--model=claude-haiku-4-5", "-k", "GW-UP-006 or ANT-EP-001")
    run = suite(*how, env=behind.environ)

    assert run.status == 0
    assert run.verdicts["GW-UP-006"].reason == "needs --lab"
    assert "not covered, needs --lab: GW-UP-006" in run.output


def test_a_dry_run_counts_the_lab_and_sends_nothing(suite: Judge, behind: Behind) -> None:
    before = behind.gateway.requests
    run = suite(*behind.arguments, "--dry-run", "-k", _SOME, env=behind.environ)

    assert run.status == 0 and behind.gateway.requests == before
    assert "to the lab, for nothing" in run.line("requirements, ")


def test_a_lab_that_is_not_there_is_a_failed_preflight(suite: Judge, behind: Behind) -> None:
    gone = (behind.arguments[0], "--lab=http://127.0.0.1:9", "-k", "GW-UP-006")
    run = suite(*gone, env=behind.environ)

    assert run.status == 6 and "gateway-conformance lab" in run.output


def test_a_lab_without_its_token_is_wrong_usage(suite: Judge, behind: Behind) -> None:
    run = suite(*behind.arguments, "-k", "GW-UP-006", env=behind.gateway.with_key)

    assert run.status == 4 and "GATEWAY_LAB_TOKEN" in run.output and not run.broke_down
