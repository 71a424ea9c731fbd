"""`gateway-conformance clients`: what it prints, and the exit status."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.__main__ import USAGE_ERROR, main
from conformance.clients import catalogue, installing
from conformance.clients.catalogue import Client
from conformance.clients.installing import Installed
from conformance.clients.making import InstallError


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GATEWAY_CONFORMANCE_CACHE", str(tmp_path))
    return tmp_path


@pytest.fixture
def installs(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, bool]]:
    """Which clients are asked for, and whether their newest; pi cannot be installed."""
    asked: list[tuple[str, bool]] = []

    def install(client: Client, cache: Path, *, latest: bool = False) -> Installed:
        asked.append((client.name, latest))
        if client.name == "pi":
            raise InstallError("pi: not installed")
        return Installed(client, cache / client.name, client.packages)

    monkeypatch.setattr(installing, "install", install)
    return asked


def test_every_client_is_listed_with_its_state(
    cache: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    here = Installed(catalogue.named("codex"), cache, {"@openai/codex": "9.9.9"})
    states = {("codex", True), ("codex", False), ("cline", False)}
    monkeypatch.setattr(
        installing,
        "found",
        lambda client, cache, latest=False: here if (client.name, latest) in states else None,
    )

    assert main(["clients", "list"]) == 0
    *lines, _, place = capsys.readouterr().out.splitlines()
    listed = {line.split()[1]: line for line in lines}
    assert list(listed) == [client.name for client in catalogue.clients()]
    assert " installed, latest 9.9.9 Codex CLI" in listed["codex"]
    assert " installed " in listed["cline"] and " recorded " in listed["roo"]
    assert "installed" not in listed["pi"] and place.endswith(str(cache))


def test_named_clients_are_installed(
    installs: list[tuple[str, bool]], capsys: pytest.CaptureFixture[str], cache: Path
) -> None:
    assert main(["clients", "install", "codex", "cline"]) == 0
    assert installs == [("cline", False), ("codex", False)]
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("cline 3.") and first.endswith(f", {cache / 'cline'}")
    assert second.startswith("codex 0.")


def test_a_tier_is_installed_but_for_what_cannot_be(installs: list[tuple[str, bool]]) -> None:
    assert main(["clients", "install", "--tier", "C", "--latest"]) == 0
    assert installs == [(name, True) for name in ("openclaw", "kilo", "aider", "continue")]


def test_what_fails_is_told_and_the_rest_installed(
    installs: list[tuple[str, bool]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["clients", "install", "claude-code", "pi", "qwen"]) == 1
    assert [name for name, _ in installs] == ["claude-code", "pi", "qwen"]
    output = capsys.readouterr()
    assert output.err == "gateway-conformance: pi: not installed\n"
    assert len(output.out.splitlines()) == 2


@pytest.mark.parametrize(
    ("words", "told"),
    [
        pytest.param(["clients", "install"], "found no client", id="nothing"),
        pytest.param(["clients", "install", "claude"], "unknown client 'claude'", id="unknown"),
    ],
)
def test_without_a_known_client_nothing_is_installed(
    words: list[str],
    told: str,
    installs: list[tuple[str, bool]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(words) == USAGE_ERROR
    assert told in capsys.readouterr().err and installs == []


def test_what_drifted_stands_beside_the_newest(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def newest(client: Client) -> dict[str, str]:
        if client.name == "cline":
            raise InstallError("no answer")
        return dict(client.packages) | {"zod": "99.0.0"}

    monkeypatch.setattr(installing, "newest", newest)

    assert main(["clients", "drift", "openai-node", "cline", "roo"]) == 1
    output = capsys.readouterr()
    first, second = output.out.splitlines()
    assert first.split()[1:] == ["openai", catalogue.named("openai-node").version]
    assert second.split()[1] == "zod" and second.split()[-2:] == ["newest", "99.0.0"]
    assert output.err == "gateway-conformance: cline: no answer\n"
