"""The table of clients: what it says, and that a wrong one is told so."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.clients import catalogue, settings
from conformance.clients.catalogue import Client, Registry, Tier
from conformance.errors import UnreadableFile, UsageError

CLIENTS = [pytest.param(client, id=client.name) for client in catalogue.clients()]
INSTALLED = [pytest.param(c, id=c.name) for c in catalogue.clients() if not c.recorded_shape]

GOOD = """
node = "24.18.0"
[clients.one]
title = "One"
tier = "A"
registry = "pypi"
packages = { one = "1.2.3", other = "4.0" }
driver = "one.py"
seconds = 30
requests.openai = { text = 1, tool = 2 }
"""


def test_a_client_is_read_as_it_is_written() -> None:
    client = catalogue.read(GOOD).clients["one"]

    assert (client.name, client.tier, client.registry) == ("one", Tier.A, Registry.PYPI)
    assert (client.version, client.protocols) == ("1.2.3", ("openai",))
    assert client.tasks("openai") == ("text", "tool") and client.requests["openai"]["tool"] == 2
    assert not client.held and client.extra == {} and client.probes == ()


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        pytest.param("[clients.one]", "[clients.one", "no TOML", id="not TOML"),
        pytest.param('"1.2.3"', '">=1.2"', r"clients\.one\.packages\.one", id="not pinned"),
        pytest.param('tier = "A"', 'tier = "D"', r"clients\.one\.tier", id="no such tier"),
        pytest.param('"pypi"', '"github"', r"clients\.one\.registry", id="no such registry"),
        pytest.param("tool = 2", "tool = 0", r"clients\.one\.requests", id="no request"),
        pytest.param("tool = 2", "talk = 2", r"clients\.one\.requests", id="no such task"),
        pytest.param("seconds = 30", "seconds = 0", r"clients\.one\.seconds", id="no time"),
        pytest.param("seconds = 30", "seconds = 30\nword = 1", "'word' was unexp", id="unknown"),
        pytest.param("driver = ", "drives = ", "'driver' is a required", id="missing"),
        pytest.param('node = "24.18.0"', "", "'node' is a required", id="no Node.js"),
        pytest.param("seconds = 30", "recorded_shape = true", r"clients\.one", id="half recorded"),
    ],
)
def test_a_wrong_table_is_told_by_its_place(before: str, after: str, found: str) -> None:
    assert before in GOOD
    with pytest.raises(UnreadableFile, match=rf"^clients\.toml: found .*{found}.*, expected "):
        catalogue.read(GOOD.replace(before, after), Path("clients.toml"))


def test_an_unknown_client_is_told_beside_the_known() -> None:
    with pytest.raises(UsageError, match=r"^unknown client 'claude'; known: .*claude-code, "):
        catalogue.named("claude")


def test_clients_are_chosen_by_name_and_by_tier_each_once() -> None:
    chosen = [client.name for client in catalogue.chosen(["pi", "aider"], ["B"])]

    assert chosen == ["claude-code", "pi", "qwen", "cline", "opencode", "codex", "aider"]


@pytest.mark.parametrize("client", INSTALLED)
def test_a_client_can_be_pointed_at_a_gateway_by_each_of_its_protocols(client: Client) -> None:
    assert set(client.protocols) <= set(settings.protocols_of(client.name))


@pytest.mark.parametrize("client", INSTALLED)
def test_a_client_says_something_by_each_of_its_protocols(client: Client) -> None:
    assert all("text" in client.tasks(protocol) for protocol in client.protocols)


@pytest.mark.parametrize("client", CLIENTS)
def test_only_a_package_of_the_client_runs_scripts(client: Client) -> None:
    assert set(client.scripts) <= set(client.packages)


@pytest.mark.parametrize("client", [c for c in catalogue.clients() if c.held], ids=lambda c: c.name)
def test_a_held_client_is_older_than_the_one_without_a_suffix(client: Client) -> None:
    newest = catalogue.named(client.name.rpartition("-")[0])
    majors = [int(version.partition(".")[0]) for version in (client.version, newest.version)]

    assert majors[0] < majors[1] and next(iter(client.packages)) in newest.packages
    assert client.name == f"{newest.name}-{majors[0]}"


def test_what_cannot_be_installed_has_nothing_to_install() -> None:
    roo = catalogue.named("roo")

    assert roo.recorded_shape and roo.registry is None and roo.packages == {} and roo.notes
