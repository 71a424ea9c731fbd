"""`--base-url` is shared with pytest-base-url, whichever of the two is loaded first."""

from __future__ import annotations

import subprocess
import sys

import pytest
from process_gateway import Gateway
from process_run import ROOT, environment

# `-p conformance.plugin` comes from the checkout's addopts, so what stands here is later
# on the command line; `-o addopts=` takes it out and lets the order be chosen.
_BARE = ("-o", "addopts=--strict-markers --strict-config")
_OURS, _THEIRS = ("-p", "conformance.plugin"), ("-p", "pytest_base_url.plugin")
_NO_AUTOLOAD = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
_XDIST = ("-p", "xdist.plugin")

_ALONE = ("-p", "no:playwright")

# pytest-playwright, loaded too unless it says otherwise, brings an option of its own
# where pytest-base-url is missing. (`-p pytest_base_url.plugin` beside autoload is not
# here: pytest itself refuses to load a plugin under two names.)
_LOADED = {
    "autoloaded": ((), {}),
    "autoloaded without playwright": (_ALONE, {}),
    "named": (("-p", "base_url"), {}),
    "named before ours": ((*_BARE, "-p", "base_url", *_OURS), {}),
    "named after ours": ((*_BARE, *_OURS, "-p", "base_url"), {}),
    "blocked": (("-p", "no:base_url"), {}),
    "blocked by another name": (("-p", "no:base-url"), {}),
    "blocked before ours": ((*_BARE, "-p", "no:base_url", *_OURS), {}),
    "blocked without playwright": (("-p", "no:base_url", *_ALONE), {}),
    "no autoload": (_XDIST, _NO_AUTOLOAD),
    "no autoload, theirs before ours": ((*_BARE, *_XDIST, *_THEIRS, *_OURS), _NO_AUTOLOAD),
    "no autoload, theirs after ours": ((*_BARE, *_XDIST, *_OURS, *_THEIRS), _NO_AUTOLOAD),
    "no autoload, named": ((*_XDIST, "-p", "base_url"), _NO_AUTOLOAD),
}
_LEAN = ("-p", "no:hypothesispytest")
_CONFLICT = ("already added", "already used", "already registered", "conflicting option")


@pytest.mark.parametrize("name", _LOADED)
def test_the_option_works_however_the_plugin_is_loaded(suite, gateway: Gateway, name: str) -> None:
    _assert_that_it_works(suite, gateway, name)


@pytest.mark.parametrize("name", ["autoloaded", "named after ours", "blocked", "no autoload"])
def test_the_option_works_with_workers_too(suite, gateway: Gateway, name: str) -> None:
    _assert_that_it_works(suite, gateway, name, "-n", "2")


def _assert_that_it_works(suite, gateway: Gateway, name: str, *more: str) -> None:
    options, env = _LOADED[name]
    found = suite(
        *(*options, "--base-url", f"{gateway.base_url}/api", "-k", "OAI-HTTP-001", *more),
        env={**gateway.with_key, **env},
        plugins=list(_LEAN),
    )
    assert found.status == 0
    assert not [words for words in _CONFLICT if words in found.output]
    assert found.judged.header["target"] == f"{gateway.base_url}/api"
    assert found.judged.header["origin"] == "--base-url"


@pytest.mark.parametrize(
    ("options", "env"),
    [(("-p", "no:base_url", "-p", "no:playwright"), {}), ((), _NO_AUTOLOAD)],
    ids=["blocked", "no autoload"],
)
def test_no_fixture_and_no_setting_of_that_name_is_ours(
    options: tuple[str, ...], env: dict[str, str]
) -> None:
    listed = _pytest("--fixtures", "-v", *options, env=env)
    assert "recordings" in listed.stdout
    assert not [line for line in listed.stdout.splitlines() if line.startswith("base_url")]
    explained = _pytest("--help", *options, env=env)
    assert "--base-url=URL" in explained.stdout
    assert "base_url (" not in explained.stdout


def test_their_setting_still_counts_where_they_are_loaded(suite, gateway: Gateway) -> None:
    found = suite(
        *("-o", f"base_url={gateway.base_url}", "-k", "OAI-HTTP-001"), env=gateway.with_key
    )
    assert found.status == 0
    assert found.judged.header["target"] == gateway.base_url


def _pytest(*arguments: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *_LEAN, *arguments],
        cwd=ROOT,
        env=environment(**env),
        capture_output=True,
        text=True,
        check=True,
    )
