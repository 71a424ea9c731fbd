"""No key, and no telling part of one, is in anything that a run leaves behind."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from process_gateway import Gateway, started
from process_run import Run, run
from process_secrets import CANARY, leaks
from process_servers import NOTHING_OF_A_GATEWAY, always, echo, refusing, serving

from conformance import archive
from conformance.__main__ import main
from conformance.report import allure_folder

# Every credential style, wrong keys, streams, and keys that the control API makes.
_SOME = ("-k", "AUTH or CAP or OAI-SSE-007 or ANT-EP")
_HERE = str(Path(__file__).parent)
_WORKERS = pytest.mark.parametrize("workers", ["0", "2"], ids=["alone", "with workers"])


def _talkative(place: Path, *arguments: str, env: Mapping[str, str]) -> Run:
    """A run that says and writes as much as can be asked for."""
    return run(
        place,
        *arguments,
        *("-vv", "--showlocals", "-rA", "--tb=long", "--full-trace"),
        *("--log-level=DEBUG", "--log-file-level=DEBUG", f"--log-file={place / 'log.txt'}"),
        *("-o", "junit_logging=all", f"--junitxml={place / 'junit.xml'}"),
        f"--alluredir={place / 'allure'}",
        env=env,
    )


def test_a_planted_key_is_found(tmp_path: Path) -> None:
    (tmp_path / "log").write_text(f"sent {CANARY[8:17]}...")
    assert leaks(CANARY, tmp_path, "") == ["log"]
    assert leaks(CANARY, tmp_path / "none", CANARY[-9:]) == ["output"]
    assert not leaks(CANARY, tmp_path / "none", CANARY[:11])


@_WORKERS
def test_a_sound_gateway(tmp_path: Path, gateway: Gateway, workers: str) -> None:
    found = _talkative(
        tmp_path,
        *(f"--base-url={gateway.base_url}", "--profile=reference", "-n", workers, *_SOME),
        env=gateway.with_control,
    )
    assert found.status == 0
    assert (tmp_path / "junit.xml").exists() and any((tmp_path / "allure").iterdir())
    assert not leaks(gateway.key, tmp_path, found.output)
    assert not leaks(gateway.control_token, tmp_path, found.output)


@pytest.mark.parametrize(
    "fault", ["gateway-credential-echoed", "gateway-credential-echoed-in-header"]
)
def test_a_gateway_that_echoes_credentials(tmp_path: Path, fault: str) -> None:
    with started(fault) as wrong:
        found = _talkative(
            tmp_path,
            *(f"--base-url={wrong.base_url}", "--profile=reference", "-k", "GW-AUTH or ERR"),
            env=wrong.with_control,
        )
    assert found.status == 1 and "GW-AUTH-008" in found.failing
    assert not leaks(wrong.key, tmp_path, found.output)
    assert not leaks(wrong.control_token, tmp_path, found.output)


@_WORKERS
def test_a_server_that_echoes_everything_in_pieces(tmp_path: Path, workers: str) -> None:
    with serving(echo) as server:
        found = _talkative(
            tmp_path,
            *(f"--base-url={server.url}", "-n", workers, "-m", "smoke"),
            env={"GATEWAY_API_KEY": CANARY},
        )
    assert found.status == 1
    artefacts = ("report.html", "summary.md", "../allure/environment.properties")
    assert all((found.folder / name).is_file() for name in artefacts)
    assert main(["report", str(found.folder)]) == 0
    recordings = (found.folder / "recordings").glob("*.json")
    assert any("[key:valid:whole]" in path.read_text() for path in recordings)
    judged, made = found.judged, archive.read_all(found.folder / "recordings")
    allure_folder.write(tmp_path / "from the run folder", judged, made)
    attached = (tmp_path / "from the run folder").glob("*-attachment.*")
    assert any("[key:valid:whole]" in path.read_text() for path in attached)
    assert not leaks(CANARY, tmp_path, found.output)


_ECHOED = f'{{"error": {{"message": "no {CANARY} here, nor {CANARY[5:20]}"}}}}'
_FAILING = {
    "401": always("401 Unauthorized", "application/json", _ECHOED, f"x-key: {CANARY}"),
    "402": always("402 Payment Required", "application/json", _ECHOED),
    "404": always("404 Not Found", "application/json", _ECHOED),
    "model": always("400 Bad Request", "application/json", _ECHOED.replace("no", "model")),
    "redirect": always("302 Found", "text/plain", _ECHOED, f"location: /login?key={CANARY}"),
    "HTML": NOTHING_OF_A_GATEWAY["200 HTML"],
}


@pytest.mark.parametrize("behaviour", _FAILING.values(), ids=_FAILING)
def test_a_failed_preflight(tmp_path: Path, behaviour) -> None:
    with serving(behaviour) as server:
        found = _talkative(
            tmp_path, f"--base-url={server.url}", "-k", "EP", env={"GATEWAY_API_KEY": CANARY}
        )
    assert found.status == 6
    assert not leaks(CANARY, tmp_path, found.output)


def test_a_refused_connection(tmp_path: Path) -> None:
    with refusing() as url:
        found = _talkative(tmp_path, f"--base-url={url}", env={"GATEWAY_API_KEY": CANARY})
    assert found.status == 6
    assert not leaks(CANARY, tmp_path, found.output)


@_WORKERS
def test_a_suite_that_breaks_down_itself(tmp_path: Path, gateway: Gateway, workers: str) -> None:
    found = _talkative(
        tmp_path,
        *("-p", "crashing", "--model=any", f"--base-url={gateway.base_url}", "-n", workers),
        env={"GATEWAY_API_KEY": CANARY, "PYTHONPATH": _HERE},
    )
    assert found.status == 3 and "RuntimeError: a defect of our own" in found.output
    assert "in _crash" in found.output
    assert not leaks(CANARY, tmp_path, found.output)


def test_a_users_mistake(tmp_path: Path) -> None:
    found = _talkative(tmp_path, "--base-url=nowhere", env={"GATEWAY_API_KEY": CANARY})
    assert found.status == 4
    assert not leaks(CANARY, tmp_path, found.output)


def test_a_url_with_a_key_in_it_is_refused_and_not_repeated(tmp_path: Path) -> None:
    found = run(tmp_path, f"--base-url=http://user:{CANARY}@127.0.0.1:9")
    assert found.status == 4
    assert "found credentials in the URL" in found.output
    assert not leaks(CANARY, tmp_path, "\n".join(_without_header(found)))


def test_a_key_that_is_no_header_value_is_refused_and_not_repeated(tmp_path: Path) -> None:
    found = _talkative(
        tmp_path, "--base-url=http://127.0.0.1:9", env={"GATEWAY_API_KEY": f"{CANARY}\x07"}
    )
    assert found.status == 4
    assert not leaks(CANARY, tmp_path, found.output)


def _without_header(found: Run) -> list[str]:
    # pytest-base-url prints the URL as the user gave it before anybody can object.
    return [line for line in found.output.splitlines() if not line.startswith("baseurl: ")]
