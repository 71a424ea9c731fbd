"""What holds the clients: their table, and what happens where one cannot be had."""

from __future__ import annotations

import shutil
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from tests.clients.installing import AbsentError, cache_folder, modules_of, python_of
from tests.clients.running import SCRIPTS
from tests.clients.versions import Client, clients

ROOT = Path(__file__).parents[2]
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"][
    "optional-dependencies"
]
NODE = Client("nothing-node-1", "node", ("no-such-package@>=1.0.0 <2",), "none.mjs", {})
PYTHON = Client("nothing-python-1", "python", ("no-such-package>=1,<2",), "none.py", {})


@pytest.mark.parametrize("client", clients(), ids=lambda client: client.name)
def test_a_client_has_a_script_and_keeps_to_one_major(client: Client) -> None:
    assert client.language in ("python", "node") and (SCRIPTS / client.script).is_file()
    assert ">=" in client.packages[0] and "<" in client.packages[0]


def test_the_extra_names_packages_of_the_table() -> None:
    assert set(EXTRAS["clients"]) <= {p for client in clients() for p in client.packages}


@pytest.mark.parametrize("program", ["node", "npm"])
def test_without_node_the_reason_says_so(program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = {"node": "/bin/node", "npm": "/bin/npm", program: None}
    monkeypatch.setattr(shutil, "which", found.get)

    with pytest.raises(AbsentError, match=f"^{program} is not installed here$"):
        modules_of(NODE)


def test_what_cannot_be_installed_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATEWAY_CONFORMANCE_CACHE", str(tmp_path))
    monkeypatch.setenv("PIP_NO_INDEX", "1")

    with pytest.raises(AbsentError, match=r"^nothing-python-1 cannot be installed: .+"):
        python_of(PYTHON)
    assert list(tmp_path.iterdir()) == []


def test_a_client_that_is_here_already_is_not_installed_again() -> None:
    here = replace(PYTHON, packages=("pytest>=8,<1000",))

    assert "nothing" not in str(python_of(here))


def test_the_cache_is_the_chosen_folder_or_the_users() -> None:
    assert cache_folder({"GATEWAY_CONFORMANCE_CACHE": "/chosen"}) == Path("/chosen")
    assert cache_folder({"XDG_CACHE_HOME": "/caches"}) == Path("/caches/gateway-conformance")
    assert cache_folder({}) == Path.home() / ".cache" / "gateway-conformance"
