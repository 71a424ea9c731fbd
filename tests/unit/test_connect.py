"""How clients are pointed at a gateway, and what `connect` tells of it."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from conformance.__main__ import main
from conformance.clients import catalogue, settings
from conformance.clients.place import Settings, root_of
from conformance.connect import KEY, Evidence, Gateway, guide, section
from conformance.errors import UsageError
from conformance.kinds import Protocol
from conformance.model import Outcome
from conformance.verdicts import VerdictFile

BASE = "https://gw.example/api"
SECRET = "th-client-0123456789abcdef"
SPOKEN = [
    pytest.param(client.name, protocol, id=f"{client.name}, {protocol}")
    for client in catalogue.clients()
    for protocol in settings.protocols_of(client.name)
]
AGENTS = [case for case in SPOKEN if catalogue.named(str(case.values[0])).tier != "A"]


def made(name: str, protocol: str, base_url: str = BASE, key: str = SECRET) -> Settings:
    return settings.settings_of(name, protocol, base_url, key=key, model="m-1", home="/home/u")


def everything(found: Settings) -> str:
    """All that a client is given, as one text."""
    parts = (found.env, found.files, found.fields, found.argv)
    return json.dumps([*map(dict, parts[:3]), found.argv])  # type: ignore[arg-type]


@pytest.mark.parametrize("name", [client.name for client in catalogue.clients()])
def test_every_client_of_the_catalogue_can_be_connected(name: str) -> None:
    client = catalogue.named(name)

    assert client.recorded_shape or settings.protocols_of(name) == client.protocols


@pytest.mark.parametrize(("name", "protocol"), SPOKEN)
def test_a_client_gets_the_key_and_the_base_url_and_nothing_of_ours(
    name: str, protocol: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-of-the-user")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-user")
    told = everything(made(name, protocol))

    assert SECRET in told and settings.base_url_of(name, protocol, BASE) in told
    assert "sk-" not in told
    assert SECRET not in everything(made(name, protocol, key="another"))


@pytest.mark.parametrize(("name", "protocol"), SPOKEN)
def test_no_key_stands_on_a_command_line(name: str, protocol: str) -> None:
    assert SECRET not in " ".join(made(name, protocol).argv)


@pytest.mark.parametrize(("name", "protocol"), AGENTS)
def test_an_agent_gets_the_prompt_and_the_model(name: str, protocol: str) -> None:
    found = made(name, protocol)

    assert "m-1" in everything(found)
    if not catalogue.named(name).recorded_shape:
        assert found.command("Say 'hi'.").count("Say 'hi'.") == 1


@pytest.mark.parametrize(
    "written",
    [BASE, f"{BASE}/", f"{BASE}/v1", f"{BASE}/v1/", f"{BASE}/v1/messages", f" {BASE}/v1 "],
)
def test_a_base_url_may_be_written_in_any_form(written: str) -> None:
    assert root_of(written) == BASE
    assert made("pi", "anthropic", written) == made("pi", "anthropic")


@pytest.mark.parametrize(
    ("name", "protocol", "base"),
    [
        ("claude-code", "anthropic", BASE),
        ("anthropic-python-1", "anthropic", BASE),
        ("qwen", "anthropic", BASE),
        ("cline", "anthropic", f"{BASE}/v1"),
        ("opencode", "anthropic", f"{BASE}/v1"),
        ("ai-sdk", "anthropic", f"{BASE}/v1"),
        ("pi", "openai", f"{BASE}/v1"),
        ("codex", "openai", f"{BASE}/v1"),
    ],
)
def test_the_version_belongs_to_the_base_of_some_clients(
    name: str, protocol: str, base: str
) -> None:
    assert settings.base_url_of(name, protocol, BASE) == base


def test_claude_code_gets_an_empty_key_beside_its_token() -> None:
    env = made("claude-code", "anthropic").env

    assert (env["ANTHROPIC_AUTH_TOKEN"], env["ANTHROPIC_API_KEY"]) == (SECRET, "")


def test_what_only_an_unattended_run_wants_is_not_for_people() -> None:
    found = made("claude-code", "anthropic")
    told = found.of_a_person()

    assert found.env["CLAUDE_CODE_MAX_RETRIES"] == "0"
    assert "CLAUDE_CODE_MAX_RETRIES" not in told.env and told.env["ANTHROPIC_BASE_URL"] == BASE


def test_quiet_files_are_not_for_people() -> None:
    (path,) = made("cline", "openai").of_a_person().files

    assert path.endswith("providers.json")


@pytest.mark.parametrize("model", ['a"b', "a/b:c", "ünï", "a\\b"])
def test_a_configuration_holds_any_model_name(model: str) -> None:
    def files(name: str, protocol: str) -> str:
        found = settings.settings_of(name, protocol, BASE, key="k", model=model, home="/h")
        return next(iter(found.files.values()))

    assert json.loads(files("pi", "openai"))["providers"]["gateway"]["models"] == [{"id": model}]
    assert tomllib.loads(files("codex", "openai"))["model"] == model


@pytest.mark.parametrize("name", ["nope", "claude-codex", "pi-", "2"])
def test_an_unknown_client_is_told_the_known_ones(name: str) -> None:
    with pytest.raises(UsageError, match="known: claude-code, ") as caught:
        made(name, "anthropic")
    assert "\n" not in str(caught.value)


def test_a_protocol_that_a_client_does_not_speak_is_a_mistake() -> None:
    with pytest.raises(UsageError, match="codex does not speak anthropic; it speaks openai"):
        made("codex", "anthropic")


SUBJECTS = {
    "GW-CLI-001": ["client-pi-openai-text"],
    "GW-CLI-002": ["client-pi-openai-tool", "client-pi-anthropic-tool"],
    "GW-CLI-003": ["client-ai-sdk-6-openai-text"],
}


def evidence(folder: str = "run", when: str = "2026-11-22", **outcomes: str) -> Evidence:
    """A run in which pi played both tasks on the OpenAI protocol."""
    found = {f"GW-CLI-{id[1:]}": Outcome(word) for id, word in outcomes.items()}
    versions = {"client-pi-openai-text": "0.73.1", "client-pi-openai-tool": "0.73.1"}
    return Evidence(folder, when, found, versions, {}, {})


def told(*runs: Evidence, name: str = "pi", protocol: str = "openai") -> str:
    return section(Gateway(BASE, "m-1", runs, SUBJECTS), name, protocol)


def test_passed_checks_prove_the_settings() -> None:
    proof = "Proved against this gateway on 2026-11-22 with version 0.73.1: GW-CLI-001, GW-CLI-002"

    assert f"{proof} passed (run)." in told(evidence(_001="pass", _002="warn"))


@pytest.mark.parametrize("word", ["fail", "known"])
def test_one_failed_check_is_told_as_a_failure(word: str) -> None:
    found = told(evidence(_001="pass", _002=word))

    assert (
        "Failed against this gateway on 2026-11-22 with version 0.73.1: GW-CLI-002 (run)" in found
    )
    assert "Proved" not in found


def test_the_newest_run_that_judged_the_client_counts() -> None:
    unasked = evidence("newest", _001="not_run", _002="inconclusive")
    found = told(unasked, evidence("newer", _001="fail"), evidence("old", _001="pass"))

    assert "Failed" in found and "(newer)" in found


@pytest.mark.parametrize(
    ("name", "protocol"),
    [
        pytest.param("pi", "anthropic", id="played on the other protocol only"),
        pytest.param("ai-sdk-6", "openai", id="not played"),
    ],
)
def test_what_was_not_played_is_not_proved(name: str, protocol: str) -> None:
    found = told(evidence(_001="pass", _002="pass", _003="pass"), name=name, protocol=protocol)

    assert "Not proved against this gateway. To prove it:" in found
    assert f"gateway-conformance clients install {name}\n" in found
    assert f"gateway-conformance run --base-url {BASE} --include clients -k " in found


def test_an_older_major_proves_nothing_for_the_newest() -> None:
    run = Evidence(
        "run", "", {"GW-CLI-003": Outcome.PASS}, {"client-ai-sdk-6-openai-text": "6"}, {}, {}
    )

    assert "Not proved against this gateway: no check" in told(run, name="ai-sdk")
    assert "Proved against this gateway" in told(run, name="ai-sdk-6")


def test_a_run_says_where_a_protocol_is_served_and_which_model_works() -> None:
    run = Evidence(
        "run", "", {}, {}, {"anthropic": f"{BASE}/deep/v1"}, {"anthropic": "claude-haiku-4-5"}
    )
    found = section(Gateway("https://gw.example", "", [run], {}), "claude-code", "anthropic")

    assert f"export ANTHROPIC_BASE_URL={BASE}/deep\n" in found
    assert "export ANTHROPIC_MODEL=claude-haiku-4-5\n" in found


def test_claude_code_is_told_what_to_do_about_a_stale_environment() -> None:
    found = told(name="claude-code", protocol="anthropic")

    assert f'export ANTHROPIC_AUTH_TOKEN="{KEY}"\nexport ANTHROPIC_API_KEY=""\n' in found
    assert (
        "If `/status` still shows api.anthropic.com: " in found and "reopen the terminal" in found
    )


def test_the_guide_has_a_section_for_each_client_and_protocol() -> None:
    names = [client.name for client in catalogue.clients()]
    found = guide(Gateway(BASE, "", [], {}), names, list(map(str, Protocol)))

    assert found.count("\n## ") + 1 == len(SPOKEN)
    assert found.count("```") % 2 == 0


def stored(folder: Path, target: str, model: str) -> None:
    """A run folder that found a model."""
    with VerdictFile(folder) as file:
        file.header({"target": target, "started_at": "2026-11-22T10:00:00+00:00"})
        file.preflight({"roots": {"openai": f"{target}/v1"}, "models": {"openai": model}})
        file.footer({})


def test_the_newest_run_of_the_base_url_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = tmp_path / "reports" / "runs"
    stored(runs / "20261119-gw", BASE, "older")
    stored(runs / "20261120-gw", f"{BASE}/v1", "newest")
    stored(runs / "20261121-other", "https://other.example", "foreign")
    (runs / "20261122-broken").mkdir()
    (runs / "20261122-broken" / "verdicts.jsonl").write_text("{}")
    monkeypatch.chdir(tmp_path)

    assert main(["connect", "--base-url", f"{BASE}/", "--client", "codex"]) == 0
    assert 'model = "newest"' in capsys.readouterr().out


def test_the_run_that_is_named_counts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stored(tmp_path / "named", "https://other.example", "other")

    words = ["--client", "codex", "--run", str(tmp_path / "named")]
    assert main(["connect", "--base-url", BASE, *words]) == 0
    assert 'model = "other"' in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--client", "nope"], "unknown client 'nope'; known: claude-code, "),
        (["--client", "codex", "--protocol", "anthropic"], "codex does not speak anthropic"),
        (["--client", "pi", "--run", "/nowhere"], "expected the verdicts of a run"),
    ],
)
def test_a_mistake_is_one_line(
    words: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["connect", "--base-url", BASE, *words]) == 4
    said = capsys.readouterr().err
    assert complaint in said and said.count("\n") == 1


def test_all_clients_make_a_guide(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["connect", "--base-url", BASE, "--all", "--protocol", "anthropic"]) == 0
    said = capsys.readouterr().out

    assert said.startswith(f"# Clients of {BASE}\n\n## ")
    assert "## Claude Code, anthropic" in said and ", openai\n" not in said
    assert "## Anthropic SDK for Python, anthropic" in said and "Python, 1.x" not in said
