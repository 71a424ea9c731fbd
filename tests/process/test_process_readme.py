"""Every command in our pages can be given: its options and environments exist."""

from __future__ import annotations

import configparser
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator

import pytest
from process_run import LEAN, ROOT, environment

_PAGES = (
    "README.md",
    "CONTRIBUTING.md",
    "ARCHITECTURE.md",
    "docs/ci.md",
    "docs/providers.md",
    "docs/recordings.md",
    "docs/target.md",
)
_BLOCK = re.compile(r"^```(?:console|shell|sh|bash)\n(.*?)^```", re.M | re.S)
_VARIABLE = re.compile(r"^[A-Z_]+=")
_HARMLESS = (("list",), ("--list-faults",), ("--version",))


def _commands() -> Iterator[tuple[str, ...]]:
    for page in _PAGES:
        path = ROOT / page
        for block in _BLOCK.findall(path.read_text(encoding="utf-8") if path.exists() else ""):
            for line in block.replace("\\\n", " ").splitlines():
                yield from _split(line.removeprefix("$ "))


def _split(line: str) -> Iterator[tuple[str, ...]]:
    """The commands of one line, without variables and the folder of the program."""
    command: list[str] = []
    for word in [*shlex.split(line, comments=True), "&&"]:
        if word not in ("&&", ";", "&", "|"):
            command.append(word)
            continue
        while command and _VARIABLE.match(command[0]):
            command.pop(0)
        if command:
            yield command[0].rpartition("/")[2], *command[1:]
        command = []


_COMMANDS = sorted(set(_commands()))
_PYTEST = [command[1:] for command in _COMMANDS if command[0] == "pytest"]
_SUITE = [command[1:] for command in _COMMANDS if command[0] == "gateway-conformance"]
_GATEWAY = [command[3:] for command in _COMMANDS if command[1:3] == ("-m", "reference_gateway")]
_GATEWAY += [command[1:] for command in _COMMANDS if command[0] == "reference-gateway"]
_TOX = [command[1:] for command in _COMMANDS if command[0] == "tox"]


@pytest.fixture(scope="module")
def pytest_help() -> str:
    """What `pytest --help` says in the checkout."""
    return _python("-m", "pytest", "--help", *LEAN).stdout


@pytest.mark.parametrize("arguments", _PYTEST, ids=" ".join)
def test_a_pytest_command_has_known_options(arguments: tuple[str, ...], pytest_help: str) -> None:
    _assert_known(arguments, pytest_help)


@pytest.mark.parametrize("arguments", _SUITE, ids=" ".join)
def test_a_command_of_the_suite_exists_with_its_options(
    arguments: tuple[str, ...], pytest_help: str
) -> None:
    name, *options = arguments
    if name == "run":
        _assert_known(options, pytest_help)
    elif not name.startswith("-"):
        explained = _python("-m", "conformance", name, "--help")
        assert explained.returncode == 0
        _assert_known(options, explained.stdout)


@pytest.mark.parametrize("arguments", _GATEWAY, ids=" ".join)
def test_a_command_of_the_gateway_has_known_options(arguments: tuple[str, ...]) -> None:
    # `keys make` and the like have options of their own.
    command = () if arguments[0].startswith("-") else arguments[:2]
    explained = _python("-m", "reference_gateway", *command, "--help")
    assert explained.returncode == 0
    _assert_known(arguments, explained.stdout)


@pytest.mark.parametrize("arguments", _TOX, ids=" ".join)
def test_a_tox_command_names_environments_that_exist(
    arguments: tuple[str, ...], pytest_help: str
) -> None:
    ours = arguments[: arguments.index("--")] if "--" in arguments else arguments
    known = configparser.ConfigParser(interpolation=None)
    known.read(ROOT / "tox.ini")
    for at, word in enumerate(ours):
        if word == "-e":
            assert all(known.has_section(f"testenv:{name}") for name in ours[at + 1].split(","))
    if "conformance" in ours:
        _assert_known(arguments[len(ours) + 1 :], pytest_help)


@pytest.mark.parametrize(
    ("module", "arguments"),
    [
        (module, arguments)
        for module, found in (("conformance", _SUITE), ("reference_gateway", _GATEWAY))
        for arguments in found
        if arguments in _HARMLESS
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value),
)
def test_a_command_that_only_prints_does_so(module: str, arguments: tuple[str, ...]) -> None:
    ended = _python("-m", module, *arguments)
    assert ended.returncode == 0 and ended.stdout


def test_the_commands_that_the_first_page_owes_are_on_it() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "tox run -e conformance" in text and "tox run -e tests" in text


def _assert_known(arguments: tuple[str, ...] | list[str], explained: str) -> None:
    # pytest shows one spelling of `--junit-xml` and takes both.
    known = {name.replace("-", "") for name in re.findall(r"(?<![\w-])--?[a-z][\w-]*", explained)}
    for word in arguments:
        if word.startswith("-"):
            assert word.partition("=")[0].replace("-", "") in known, word


def _python(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
