"""Clients are installed once, whole or not at all, however many ask for them at a time."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest

from conformance.clients import catalogue, installing, making, registries
from conformance.clients.catalogue import Client, Registry, Tier
from conformance.clients.making import InstallError
from conformance.clients.registries import Bundle
from conformance.errors import UsageError

CLIENT = Client("thing", "Thing", Tier.A, Registry.PYPI, {"thing": "1.0"}, driver="thing.py")
OF_NPM = replace(CLIENT, registry=Registry.NPM)


class Steps:
    """Stands for pip and npm: a small program, and how often it was run."""

    def __init__(self, script: str = "") -> None:
        self.script = script
        self.bundles: list[Bundle] = []

    def __call__(self, bundle: Bundle, folder: Path) -> Sequence[Sequence[str]]:
        self.bundles.append(bundle)
        return ((sys.executable, "-S", "-c", self.script),)


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Steps:
    steps = Steps()
    monkeypatch.setattr(registries, "commands", steps)
    return steps


def left(cache: Path) -> set[str]:
    """What stands in the cache for all to see."""
    return {entry.name for entry in cache.iterdir() if not entry.name.startswith(".")} - {"logs"}


def test_a_client_is_installed_once_and_found_from_then_on(steps: Steps, tmp_path: Path) -> None:
    assert installing.found(CLIENT, tmp_path) is None

    installed = installing.install(CLIENT, tmp_path)
    assert installing.install(CLIENT, tmp_path) == installed == installing.found(CLIENT, tmp_path)
    assert installed.versions == {"thing": "1.0"} and installed.folder.parent == tmp_path
    assert installed.folder.name.startswith("thing-1.0-") and len(steps.bundles) == 1


def test_another_version_is_another_folder(steps: Steps, tmp_path: Path) -> None:
    newer = replace(CLIENT, packages={"thing": "1.1"})
    with_more = replace(CLIENT, packages={"thing": "1.0", "more": "2"})
    folders = [installing.install(c, tmp_path).folder for c in (CLIENT, newer, with_more)]

    assert len(set(folders)) == len(left(tmp_path)) == 3


def test_many_that_install_the_same_client_make_one(steps: Steps, tmp_path: Path) -> None:
    steps.script = "import time; time.sleep(0.2)"
    with ThreadPoolExecutor(4) as several:
        made = list(several.map(lambda _: installing.install(CLIENT, tmp_path), range(4)))

    assert len({installed.folder for installed in made}) == 1 and len(steps.bundles) == 1


def test_a_failed_install_is_one_line_with_its_log(steps: Steps, tmp_path: Path) -> None:
    steps.script = "import sys; print('no such version'); sys.exit(7)"
    with pytest.raises(InstallError) as raised:
        installing.install(CLIENT, tmp_path)

    log = tmp_path / "logs" / "thing.log"
    assert str(raised.value) == (
        f"thing: not installed: {Path(sys.executable).name} ended with 7; see {log}, then "
        "`gateway-conformance clients install thing` again"
    )
    assert log.read_text(encoding="utf-8").splitlines()[-1] == "no such version"
    assert left(tmp_path) == set() and installing.found(CLIENT, tmp_path) is None


def test_an_install_that_takes_too_long_is_ended(
    steps: Steps, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(making, "LONGEST_S", 0.1)
    steps.script = "import time; time.sleep(60)"

    with pytest.raises(
        InstallError, match=r"^thing: not installed: .+ took longer than 0 s; see .+"
    ):
        installing.install(CLIENT, tmp_path)
    assert left(tmp_path) == set()


def test_what_another_left_half_made_is_made_anew(steps: Steps, tmp_path: Path) -> None:
    half = tmp_path / ".making" / "thing" / "half"
    half.mkdir(parents=True)
    (half / "rest").touch()
    steps.script = "import os; open('made', 'w').write(os.getcwd())"

    folder = installing.install(CLIENT, tmp_path).folder
    assert {entry.name for entry in folder.iterdir()} == {"made", installing.STAMP}
    # Its pip may still be at work there.
    assert (folder / "made").read_text(encoding="utf-8") != str(half) and not half.exists()


@pytest.mark.parametrize("stamp", [None, "", "{"], ids=["none", "empty", "cut"])
def test_a_folder_without_a_whole_stamp_is_no_client(
    steps: Steps, tmp_path: Path, stamp: str | None
) -> None:
    place = installing.install(CLIENT, tmp_path).folder
    (place / installing.STAMP).unlink()
    if stamp is not None:
        (place / installing.STAMP).write_text(stamp, encoding="utf-8")

    assert installing.found(CLIENT, tmp_path) is None
    assert installing.install(CLIENT, tmp_path).folder == place and len(steps.bundles) == 2


def test_the_latest_stands_beside_the_measured_one(
    steps: Steps, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    versions = {"thing": "3.0"}
    monkeypatch.setattr(registries, "newest", lambda *_, **__: dict(versions))
    measured = installing.install(CLIENT, tmp_path)

    first = installing.install(CLIENT, tmp_path, latest=True)
    versions["thing"] = "3.1"
    second = installing.install(CLIENT, tmp_path, latest=True)

    assert (first.versions["thing"], second.versions["thing"]) == ("3.0", "3.1")
    assert installing.found(CLIENT, tmp_path) == measured
    assert installing.found(CLIENT, tmp_path, latest=True) == second
    # Whoever runs the first still has it.
    assert first.folder.is_dir() and first.folder != second.folder


def test_a_client_that_is_on_no_registry_says_so(tmp_path: Path) -> None:
    with pytest.raises(InstallError, match=r"^roo: cannot be installed\. It is on no registry"):
        installing.install(catalogue.named("roo"), tmp_path)
    assert installing.found(catalogue.named("roo"), tmp_path) is None


def test_a_cache_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(InstallError, match=r"file: cannot be written .*GATEWAY_CONFORMANCE_CACHE"):
        installing.install(CLIENT, tmp_path / "file")


def machine(monkeypatch: pytest.MonkeyPatch, folder: Path, version: str) -> Path:
    """A Node.js of this version, as the machine's."""
    program = folder / version / "node"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\necho {version}\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setattr(shutil, "which", lambda name: str(program.parent / name))
    return program


@pytest.mark.parametrize(
    ("needs", "is_own"),
    [
        pytest.param(("", "v20.20.2"), False, id="any will do"),
        pytest.param((">=20", "v20.20.2"), False, id="new enough"),
        pytest.param((">=20.21", "v20.20.2"), True, id="a minor too old"),
        pytest.param((">=22", "v20.20.2"), True, id="a major too old"),
        pytest.param((">=22", "v22.0.0"), False, id="just new enough"),
        pytest.param((">=9", "v20.20.2"), False, id="compared as numbers"),
        pytest.param(("", "broken"), False, id="none is asked for"),
        pytest.param((">=9", "broken"), True, id="says no version"),
    ],
)
def test_an_older_node_is_replaced_by_one_of_npm(
    steps: Steps,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    needs: tuple[str, str],
    is_own: bool,
) -> None:
    least, version = needs
    theirs = machine(monkeypatch, tmp_path, version)
    cache = tmp_path / "cache"
    client = replace(OF_NPM, node=least)

    installed = installing.install(client, cache)
    assert (installed.node != theirs) is is_own
    assert [bundle.name for bundle in steps.bundles] == ["node"] * is_own + ["thing"]
    assert installed.node is not None
    assert installed.path == (installed.node.parent, installed.folder / "node_modules" / ".bin")


def test_the_scripts_of_packages_run_on_the_node_of_the_client(
    steps: Steps, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine(monkeypatch, tmp_path, "v20.0.0")
    steps.script = "import os; open('path', 'w').write(os.environ['PATH'])"

    installed = installing.install(replace(OF_NPM, node=">=22"), tmp_path / "cache")
    assert installed.node is not None
    path = (installed.folder / "path").read_text(encoding="utf-8")
    assert path.startswith(f"{installed.node.parent}:")


def test_a_client_is_not_there_before_the_node_that_runs_it(
    steps: Steps, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine(monkeypatch, tmp_path, "v22.0.0")
    cache = tmp_path / "cache"
    client = replace(OF_NPM, node=">=22")
    installing.install(client, cache)

    machine(monkeypatch, tmp_path, "v20.0.0")
    assert installing.found(client, cache) is None
    assert installing.install(client, cache).node is not None


def test_without_npm_the_reason_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)

    with pytest.raises(UsageError, match=r"^npm is not installed here; install Node\.js"):
        installing.install(OF_NPM, tmp_path)
    assert left(tmp_path) == set()


@pytest.mark.parametrize(
    ("scripts", "is_closed"),
    [pytest.param((), True, id="none"), pytest.param(("thing",), False, id="its own")],
)
def test_scripts_run_only_for_those_that_need_them(
    tmp_path: Path, scripts: tuple[str, ...], is_closed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: f"/bin/{name}")
    bundle = Bundle("thing", Registry.NPM, {"thing": "1.0.0"}, scripts)
    registries.prepare(bundle, tmp_path)

    (command,) = registries.commands(bundle, tmp_path)
    assert ("--ignore-scripts" in command) is is_closed
    package = json.loads((tmp_path / "package.json").read_text(encoding="utf-8"))
    assert package["dependencies"] == {"thing": "1.0.0"}
    assert package["allowScripts"] == dict.fromkeys(scripts, True)


def answering(answer: str, asked: list[Sequence[str]]) -> object:
    def ask(command: Sequence[str], **_: object) -> subprocess.CompletedProcess[str]:
        asked.append(command)
        return subprocess.CompletedProcess(command, 0, stdout=answer)

    return ask


SEVERAL = '["1.9.0", "1.10.0", "1.11.0-beta.1", "1.2.0"]'
PIP = (
    '{"install": [{"metadata": {"name": "what-it-needs", "version": "9"}},'
    ' {"metadata": {"name": "Thing", "version": "2.3.4"}}]}'
)


@pytest.mark.parametrize(
    ("registry", "answer", "wanted", "newest"),
    [
        pytest.param(Registry.PYPI, PIP, "thing", "2.3.4", id="pypi"),
        pytest.param(Registry.PYPI, PIP, "thing<2", "2.3.4", id="pypi, held"),
        pytest.param(Registry.NPM, '"2.3.4"', "thing", "2.3.4", id="npm"),
        pytest.param(Registry.NPM, SEVERAL, "thing@<2", "1.10.0", id="npm, held"),
    ],
)
def test_the_newest_is_asked_of_the_registrys_own_program(
    registry: Registry, answer: str, wanted: str, newest: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Sequence[str]] = []
    monkeypatch.setattr(shutil, "which", lambda name: f"/bin/{name}")
    monkeypatch.setattr(subprocess, "run", answering(answer, asked))

    found = registries.newest(registry, {"thing": "1.5.0"}, held="<2" in wanted)
    assert found == {"thing": newest}
    assert wanted in asked[0]


def test_a_registry_that_does_not_answer_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(command: Sequence[str], **_: object) -> object:
        raise subprocess.CalledProcessError(1, command, stderr="noise\nno route to host\n")

    monkeypatch.setattr(subprocess, "run", refuse)
    with pytest.raises(UsageError, match=r"^thing: the registry did not answer: no route to host$"):
        registries.newest(Registry.PYPI, {"thing": "1.0"}, held=False)


def test_the_cache_is_the_chosen_folder_or_the_users() -> None:
    environments: list[Mapping[str, str]] = [
        {"GATEWAY_CONFORMANCE_CACHE": "/chosen"},
        {"XDG_CACHE_HOME": "/caches"},
        {},
    ]
    found = [installing.cache_folder(environment) for environment in environments]

    own = Path.home() / ".cache"
    suite = "gateway-conformance"
    assert found == [Path("/chosen"), Path("/caches") / suite, own / suite]


def wheel(folder: Path) -> None:
    """A package as small as one can be, as pip finds it in a folder."""
    metadata = "Metadata-Version: 2.1\nName: thing\nVersion: 1.0\n"
    kind = "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    with zipfile.ZipFile(folder / "thing-1.0-py3-none-any.whl", "w") as archive:
        archive.writestr("thing.py", "WORD = 'here'\n")
        archive.writestr("thing-1.0.dist-info/METADATA", metadata)
        archive.writestr("thing-1.0.dist-info/WHEEL", kind)
        archive.writestr("thing-1.0.dist-info/RECORD", "")


def test_pip_installs_what_works_from_where_it_was_moved_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel(tmp_path)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))

    installed = installing.install(CLIENT, tmp_path / "cache")
    command = [str(installed.python), "-c", "import thing; print(thing.WORD, thing.__file__)"]
    answer = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert answer[0] == "here" and Path(answer[1]).is_relative_to(installed.folder)


def test_the_versions_of_the_catalogue_cannot_be_changed() -> None:
    assert isinstance(catalogue.named("pi").packages, MappingProxyType)
