"""Exit statuses: what is wrong at the gateway is 1, what is wrong with the command is 4."""

from __future__ import annotations

from pathlib import Path

import pytest
from process_gateway import Gateway, started

_KILLS = {
    "anthropic-wrong-key-accepted": "ANT-AUTH-005",
    "anthropic-stream-event-name-differs": "ANT-STR-003",
    "anthropic-tool-input-string": "ANT-BLK-002",
    "openai-stream-without-done": "OAI-SSE-007",
    "openai-usage-total-mismatch": "OAI-CHAT-015",
    "openai-unknown-model-answered": "OAI-VAL-007",
    "openai-cap-not-enforced": "GW-CAP-003",
}
_NARROW = ("-k", "OAI-HTTP-001")


@pytest.mark.parametrize(("fault", "id"), _KILLS.items(), ids=_KILLS)
def test_a_fault_exits_1_and_is_named(suite, fault: str, id: str) -> None:
    found = suite(f"--fault={fault}", "-k", id)
    assert found.status == 1 and not found.broke_down
    assert found.failing == {id}
    assert f"{id} (MUST): " in found.output
    assert found.judged.footer["exit_status"] == 1


def test_a_fault_is_found_with_workers_too(suite) -> None:
    found = suite("--fault=openai-stream-without-done", "-k", "OAI-SSE", "-n", "2")
    assert found.status == 1 and found.failing == {"OAI-SSE-007"}


def test_a_fault_of_a_separate_gateway_is_the_only_one_found(suite) -> None:
    with started("openai-stream-without-done") as wrong:
        found = suite(
            *(f"--base-url={wrong.base_url}", "--profile=reference"),
            *("-k", "ANT-STR or OAI-SSE or OAI-CHAT or GW-SSE"),
            env=wrong.with_control,
        )
    assert found.status == 1 and found.failing == {"OAI-SSE-007"}


@pytest.mark.parametrize(
    ("fail_on", "status", "workers"),
    [("must", 0, "0"), ("should", 1, "0"), ("should", 1, "2")],
)
def test_a_broken_should_fails_where_asked(suite, fail_on: str, status: int, workers: str) -> None:
    found = suite(
        *("--fault=openai-stream-role-repeated", "-k", "OAI-STREAM-008"),
        *(f"--fail-on={fail_on}", "-n", workers),
    )
    assert found.status == status
    assert found.outcomes == {"OAI-STREAM-008": "warn"}
    assert found.judged.footer["exit_status"] == status


def test_a_broken_should_is_in_the_summary(suite) -> None:
    found = suite("--fault=openai-stream-role-repeated", "-k", "OAI-STREAM-008")
    assert "warn OAI-STREAM-008: openai-" in found.output


_MISTAKES = {
    "no URL": (("--base-url=gateway",), "--base-url: found 'gateway'"),
    "another scheme": (("--base-url=ftp://127.0.0.1",), "--base-url: found 'ftp://127.0.0.1'"),
    "no host": (("--base-url=http://",), "--base-url: found 'http://'"),
    "bad port": (("--base-url=http://127.0.0.1:99999",), "--base-url: found a URL that"),
    "query": (("--base-url=http://127.0.0.1/?a=b",), "--base-url: found a query"),
    "unknown profile": (("--profile=nobody",), "--profile: found 'nobody'"),
    "unknown fault": (("--fault=no-such-fault",), "no-such-fault"),
    "fault elsewhere": (
        ("--base-url=http://127.0.0.1:9", "--fault=openai-500"),
        "--fault is for the embedded gateway",
    ),
    "key file": (
        ("--base-url=http://127.0.0.1:9", "--api-key-file=/nowhere/key"),
        "--api-key-file: /nowhere/key cannot be read",
    ),
    "protocol": (("--protocol=gopher",), "gopher"),
    "protocol not claimed": (
        ("--profile=token-hub", "--protocol=anthropic", "--base-url=http://127.0.0.1:9"),
        "--protocol: the profile token-hub does not claim anthropic",
    ),
    "concurrency": (("--concurrency=0",), "--concurrency"),
    "timeout": (("--timeout-s=soon",), "--timeout-s"),
}


@pytest.mark.parametrize(("options", "said"), _MISTAKES.values(), ids=_MISTAKES)
def test_a_users_mistake_exits_4_with_one_line(suite, options: tuple[str, ...], said: str) -> None:
    found = suite(*options, *_NARROW)
    assert found.status == 4 and not found.broke_down
    assert said in found.line("ERROR: ") or said in found.line("error: ")
    assert not found.folder.exists() or not any(found.folder.iterdir())


@pytest.mark.parametrize("name", ["no URL", "unknown fault", "key file"])
def test_a_users_mistake_exits_4_with_workers_too(suite, name: str) -> None:
    options, said = _MISTAKES[name]
    found = suite(*options, *_NARROW, "-n", "2")
    assert found.status == 4 and not found.broke_down
    assert said in found.line("ERROR: ")


@pytest.mark.parametrize("option", ["--api-key", "--key"])
@pytest.mark.parametrize("joint", ["=", " "], ids=["joined", "apart"])
def test_a_key_on_the_command_line_is_refused_and_not_repeated(
    suite, option: str, joint: str
) -> None:
    key = "th-Wq8LpX3nVbR7tYc"
    found = suite(*f"{option}{joint}{key}".split())
    assert found.status == 4 and not found.broke_down
    assert "a key on the command line shows in process lists" in found.output
    assert "GATEWAY_API_KEY" in found.output
    assert key not in found.output


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name = ", "not TOML"),
        ('name = "x"\nkind = "bank"', "kind"),
        ('name = "x"\nclaims = ["gopher"]', "claims"),
        ('name = "x"\nunknown = 1', "unknown"),
    ],
    ids=["no TOML", "kind", "protocol", "unknown field"],
)
def test_a_wrong_profile_exits_4_with_one_line(suite, place: Path, text: str, said: str) -> None:
    file = place / "profile.toml"
    file.write_text(text)
    found = suite(f"--profile={file}", *_NARROW)
    assert found.status == 4 and not found.broke_down
    line = found.line("ERROR: ")
    assert f"profile {file}: " in line and said in line


def test_a_profile_that_is_no_text_exits_4(suite, place: Path) -> None:
    file = place / "profile.toml"
    file.write_bytes(b"\xff\xfe\x00")
    found = suite(f"--profile={file}", *_NARROW)
    assert found.status == 4 and not found.broke_down
    assert found.line("ERROR: ") == f"ERROR: profile {file}: cannot be read: not text"


def test_a_profile_that_is_a_file_is_followed(suite, gateway: Gateway, place: Path) -> None:
    file = place / "mine.toml"
    file.write_text('name = "mine"\nclaims = ["openai"]\n[keys.valid]\nenv = ["GATEWAY_MINE"]\n')
    found = suite(
        *(f"--base-url={gateway.base_url}", f"--profile={file}", *_NARROW),
        env={"GATEWAY_MINE": gateway.key},
    )
    assert found.status == 0
    assert found.judged.header["profile"] == "mine"
    assert found.judged.header["configuration"]["protocols"] == ["openai"]


@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_folder_with_something_in_it_is_refused(suite, place: Path, workers: str) -> None:
    (place / "mine.txt").write_text("keep")
    found = suite(f"--report-dir={place}", *_NARROW, "-n", workers)
    assert found.status == 4 and not found.broke_down
    assert "is not empty" in found.line("ERROR: ")
    assert [path.name for path in place.iterdir()] == ["mine.txt"]


def test_a_folder_that_cannot_be_made_is_refused(suite, place: Path) -> None:
    (place / "file").write_text("")
    found = suite(f"--report-dir={place / 'file' / 'run'}", *_NARROW)
    assert found.status == 4 and not found.broke_down
    assert "--report-dir" in found.line("ERROR: ")


@pytest.mark.parametrize("text", ["", "two words", "ключ"], ids=["empty", "words", "letters"])
def test_a_key_file_that_holds_no_key_is_refused_and_not_repeated(
    suite, place: Path, text: str
) -> None:
    file = place / "key"
    file.write_text(text)
    found = suite("--base-url=http://127.0.0.1:9", f"--api-key-file={file}", *_NARROW)
    assert found.status == 4 and not found.broke_down
    assert "expected one key" in found.line("ERROR: ")
    assert not text or text not in found.output


@pytest.mark.parametrize("workers", ["0", "2"])
def test_nothing_selected_exits_5_and_sends_nothing(suite, gateway: Gateway, workers: str) -> None:
    before = gateway.requests
    found = suite(
        *(f"--base-url={gateway.base_url}", "-k", "no-such-id", "-n", workers),
        env=gateway.with_key,
    )
    assert found.status == 5
    assert gateway.requests == before and not found.folder.exists()
