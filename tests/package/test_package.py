"""The built wheel, used in an environment of its own, outside the checkout."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from conformance import __version__, verdicts

_ROOT = Path(__file__).parents[2]
_SOURCES = ("conformance", "reference_gateway", "schemas", "reports")
_FILES = ("pyproject.toml", "README.md", "LICENSE")
_OURS = ("GATEWAY_", "PYTEST_", "BASE_URL", "TOKENHUB_API_KEY", "PYTHONPATH", "COVERAGE_")
_LEAN = ("-p", "no:playwright", "-p", "no:hypothesispytest")

Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy, because a build leaves traces beside its sources."""
    place = tmp_path_factory.mktemp("build")
    ignored = shutil.ignore_patterns("__pycache__", "runs", "examples")
    for name in _SOURCES:
        shutil.copytree(_ROOT / name, place / name, ignore=ignored)
    for name in _FILES:
        shutil.copy(_ROOT / name, place)
    _run("-m", "pip", "wheel", "-q", "--no-deps", "--wheel-dir", str(place / "dist"), str(place))
    return next((place / "dist").glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scripts of a fresh environment with the wheel.

    What the wheel depends on is borrowed from the running environment; an editable
    install there is not, because its finder is started by a `.pth` file of that folder.
    """
    home = tmp_path_factory.mktemp("environment") / "venv"
    venv.create(home, symlinks=True)
    paths = {"base": str(home), "platbase": str(home)}
    (Path(sysconfig.get_path("purelib", vars=paths)) / "borrowed.pth").write_text(
        f"{sysconfig.get_path('purelib')}\n"
    )
    scripts = Path(sysconfig.get_path("scripts", vars=paths))
    python = str(scripts / "python")
    options = ("-q", "--no-deps", "--no-index", "--ignore-installed")
    _run("-m", "pip", "--python", python, "install", *options, str(wheel))
    return scripts


@pytest.fixture
def command(installed: Path, tmp_path: Path) -> Command:
    """Runs an installed script in an empty folder."""

    def call(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(installed / name), *arguments],
            cwd=tmp_path,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return call


def test_the_data_is_in_the_wheel_and_our_tests_are_not(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {
        "conformance/clients/clients.toml",
        "conformance/profiles/anthropic.toml",
        "conformance/profiles/anyllm.toml",
        "conformance/profiles/generic.toml",
        "conformance/profiles/litellm.toml",
        "conformance/profiles/openai.toml",
        "conformance/profiles/reference.toml",
        "conformance/profiles/token-hub.toml",
        "conformance/profiles/tokenhub.toml",
        "conformance/reports/report.html",
        "conformance/requirements/catalogue.toml",
        "conformance/schemas/profile.json",
        "conformance/suite/conftest.py",
        "reference_gateway/__main__.py",
    } <= names
    for source, packaged in (("schemas", "schemas"), ("conformance/profiles", "profiles")):
        wanted = {path.name for path in (_ROOT / source).iterdir() if path.suffix in _DATA}
        assert {f"conformance/{packaged}/{name}" for name in wanted} <= names
    programs = {path.name for path in (_ROOT / _DRIVERS).iterdir() if path.suffix in _PROGRAMS}
    assert {f"{_DRIVERS}/{name}" for name in programs} <= names
    assert not [name for name in names if name.startswith(("tests/", "schemas/", "reports/"))]


_DATA = (".json", ".toml")
_DRIVERS, _PROGRAMS = "conformance/clients/drivers", (".mjs", ".py")


def test_every_module_is_in_the_wheel(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for package in ("conformance", "reference_gateway"):
        sources = {str(path.relative_to(_ROOT)) for path in (_ROOT / package).rglob("*.py")}
        assert sources <= names


def test_what_is_used_is_the_wheel(command: Command, installed: Path) -> None:
    code = "import conformance, reference_gateway as r; print(conformance.__file__, r.__file__)"
    for path in command("python", "-c", code).stdout.split():
        assert Path(path).is_relative_to(installed.parent)


def test_a_run_in_an_empty_folder_judges_the_embedded_gateway(
    command: Command, tmp_path: Path
) -> None:
    ended = command("gateway-conformance", "run", "-q", *_LEAN)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    (folder,) = (tmp_path / "reports" / "runs").iterdir()
    assert verdicts.read(folder).footer["exit_status"] == 0
    assert (folder / "report.html").stat().st_size > 1000
    assert {path.name for path in tmp_path.iterdir()} <= {"reports", ".pytest_cache"}


def test_a_report_is_written_anew(command: Command, tmp_path: Path) -> None:
    ended = command("gateway-conformance", "run", "-q", "-k", "OAI-HTTP-001", *_LEAN)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    (folder,) = (tmp_path / "reports" / "runs").iterdir()
    (folder / "report.html").unlink()
    again = command("gateway-conformance", "report", str(folder))
    assert again.returncode == 0 and not again.stderr
    assert (folder / "report.html").exists() and "report.html" in again.stdout


def test_a_fault_is_found_by_workers_too(command: Command) -> None:
    fault = "--fault=openai-stream-without-done"
    ended = command("gateway-conformance", "run", "-n", "2", fault, "-k", "OAI-SSE", *_LEAN)
    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert "OAI-SSE-007 (MUST)" in ended.stdout


def test_a_users_mistake_exits_4(command: Command) -> None:
    ended = command("gateway-conformance", "run", "--base-url=nowhere", *_LEAN)
    assert ended.returncode == 4
    assert "ERROR: --base-url: found 'nowhere'" in ended.stdout + ended.stderr


def test_the_requirements_are_listed(command: Command) -> None:
    ended = command("gateway-conformance", "list", "--json")
    assert ended.returncode == 0 and not ended.stderr
    assert "OAI-SSE-007" in {row["id"] for row in json.loads(ended.stdout)}


def test_the_version_is_printed(command: Command) -> None:
    ended = command("gateway-conformance", "--version")
    assert (ended.returncode, ended.stdout.strip()) == (0, __version__)


@pytest.mark.parametrize(
    "arguments", [(), ("nothing",), ("report",), ("report", "nowhere")], ids=" ".join
)
def test_a_wrong_command_exits_4_without_a_traceback(
    command: Command, arguments: tuple[str, ...]
) -> None:
    ended = command("gateway-conformance", *arguments)
    assert ended.returncode == 4 and "Traceback" not in ended.stderr
    assert ended.stderr.startswith("gateway-conformance")


def test_the_reference_gateway_lists_its_faults(command: Command) -> None:
    ended = command("reference-gateway", "--list-faults")
    assert ended.returncode == 0 and not ended.stderr
    assert "openai-stream-without-done\tOAI-SSE-007" in ended.stdout.splitlines()


def _run(*arguments: str) -> None:
    ended = subprocess.run(
        [sys.executable, *arguments],
        env=_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
