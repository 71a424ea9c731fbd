"""What leaves the house holds no secret, is judged as before, and says what went."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from conformance.__main__ import main
from conformance.model import Outcome
from conformance.scrub import Scrubber
from tests.offline.offline_files import (
    GOLDEN,
    curl_file,
    golden,
    har_file,
    heard,
    line,
    lines_file,
    of,
    outcomes,
    ruby_file,
    vcrpy_file,
    write_lines,
)

SECRETS = {
    "bearer": "sk-proj-Abc123_def456-GHI789",
    "token hub key": "th-9f8e7d6c5b4a39281706",
    "x-api-key": "a-key-without-any-shape-0815",
    "cookie": "session=c00kie-value; other=two",
    "set-cookie": "__cf_bm=AbCdEf.123; Path=/; HttpOnly",
    "organisation": "org-QwErTy12345678",
    "anthropic organisation": "2f1c9e7a-1111-4222-8333-abcdefabcdef",
    "query key": "AIzaSyA-querykey-1234567890",
    "e-mail": "jane.doe+llm@customer.example",
    "user": "user-4711-internal",
    "JWT": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.s1gnatureS1gnature",
    "key in a text": "sk-ant-api03-leaked00leaked11leaked22-AA",
    "key in arguments": "ghp_0123456789abcdefghijABCDEFGHIJ012345",
    "account in the path": "38bc1f7f09483f93",
}
TEXTS = ("Say hello", "Paris", "weather", "Hello")


def _loaded(row: dict[str, Any]) -> dict[str, Any]:
    """An exchange line with every kind of secret in it."""
    request, response = row["request"], row["response"]
    base = request["url"].partition("/v1")
    account = f"/accounts/{SECRETS['account in the path']}"
    request["url"] = f"{base[0]}{account}{base[1]}{base[2]}?key={SECRETS['query key']}&beta=true"
    request["headers"] += [
        ["Authorization", f"Bearer {SECRETS['bearer']}"],
        ["x-api-key", SECRETS["x-api-key"]],
        ["Cookie", SECRETS["cookie"]],
        ["x-forwarded-authorization", f"Bearer {SECRETS['JWT']}"],
    ]
    response["headers"] += [
        ["Set-Cookie", SECRETS["set-cookie"]],
        ["openai-organization", "the-name-of-a-customer"],
        ["anthropic-organization-id", SECRETS["anthropic organisation"]],
        ["x-debug", f"key {SECRETS['token hub key']} of {SECRETS['organisation']}"],
    ]
    request["body"]["user"] = SECRETS["user"]
    request["body"]["metadata"] = {"user_id": SECRETS["user"]}
    text = f"{SECRETS['e-mail']} has {SECRETS['key in a text']}"
    arguments = json.dumps({"token": SECRETS["key in arguments"]})
    request["body"]["messages"].insert(0, {"role": "user", "content": text})
    request["body"]["messages"].insert(1, {"role": "assistant", "arguments": arguments})
    return row


def loaded_lines(folder: Path) -> Path:
    """Exchange lines full of secrets."""
    return write_lines(folder / "lines.jsonl", [_loaded(line(exchange)) for exchange in golden()])


def loaded_har(folder: Path) -> Path:
    """A HAR full of secrets, one body in base64."""
    path = har_file(folder)
    whole = json.loads(path.read_text(encoding="utf-8"))
    for entry, exchange in zip(whole["log"]["entries"], golden(), strict=True):
        row = _loaded(line(exchange))
        entry["request"]["url"] = row["request"]["url"]
        entry["request"]["postData"]["text"] = json.dumps(row["request"]["body"])
        entry["request"]["queryString"] = [{"name": "key", "value": SECRETS["query key"]}]
        entry["request"]["cookies"] = [{"name": "session", "value": "c00kie-value", "domain": "x"}]
        for side in ("request", "response"):
            pairs = row[side]["headers"]
            entry[side]["headers"] = [{"name": name, "value": value} for name, value in pairs]
    path.write_text(json.dumps(whole), encoding="utf-8")
    return path


def loaded_vcrpy(folder: Path) -> Path:
    """A cassette full of secrets."""
    path = vcrpy_file(folder)
    whole = yaml.safe_load(path.read_text(encoding="utf-8"))
    for interaction, exchange in zip(whole["interactions"], golden(), strict=True):
        row = _loaded(line(exchange))
        interaction["request"]["uri"] = row["request"]["url"]
        interaction["request"]["body"] = json.dumps(row["request"]["body"])
        for side in ("request", "response"):
            headers = {name: [value] for name, value in row[side]["headers"]}
            interaction[side]["headers"] = headers
    path.write_text(yaml.dump(whole), encoding="utf-8")
    return path


def loaded_curl(folder: Path) -> Path:
    """The output of `curl -v` with secrets in its headers and its URL."""
    path = curl_file(folder, verbose=True)
    data = path.read_bytes().replace(
        b" HTTP/1.1\r\n", b"?key=" + SECRETS["query key"].encode() + b" HTTP/1.1\r\n"
    )
    sent = f"> Authorization: Bearer {SECRETS['bearer']}\r\n> Cookie: {SECRETS['cookie']}\r\n> \r\n"
    got = (
        f"< Set-Cookie: {SECRETS['set-cookie']}\r\n< x-debug: {SECRETS['token hub key']}\r\n< \r\n"
    )
    path.write_bytes(data.replace(b"> \r\n", sent.encode()).replace(b"< \r\n", got.encode()))
    return path


LOADED = {"lines": loaded_lines, "HAR": loaded_har, "vcrpy": loaded_vcrpy, "curl": loaded_curl}
SOUND: dict[str, Callable[[Path], Path]] = {
    "lines": lines_file,
    "HAR": har_file,
    "HAR in base64": lambda folder: har_file(folder, in_base64=True),
    "vcrpy": vcrpy_file,
    "vcrpy JSON": lambda folder: vcrpy_file(folder, as_json=True),
    "vcrpy with gzip": lambda folder: vcrpy_file(folder, encode="gzip"),
    "vcrpy with brotli": lambda folder: vcrpy_file(folder, encode="br"),
    "Ruby VCR": ruby_file,
    "curl": lambda folder: curl_file(folder, verbose=True),
    "our own": lambda folder: GOLDEN,
}


def redacted(path: Path, folder: Path, *more: str) -> Path:
    """The safe copy of a file."""
    assert main(["redact", str(path), "-o", str(folder), *more]) == 0
    return folder / path.name


@pytest.mark.parametrize("content", [False, True], ids=["secrets", "secrets and texts"])
@pytest.mark.parametrize("name", list(LOADED))
def test_no_secret_is_in_the_copy(
    name: str, content: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = LOADED[name](tmp_path)
    before = path.read_text(encoding="utf-8")
    present = [part for secret in SECRETS.values() for part in (secret,) if part in before]
    assert len(present) >= (5 if name == "curl" else 12)

    copy = redacted(path, tmp_path / "safe", *(["--content"] if content else []))

    after = copy.read_text(encoding="utf-8")
    assert [secret for secret in SECRETS.values() if secret in after] == []
    assert "c00kie-value" not in after and "AbCdEf.123" not in after
    said = capsys.readouterr().out
    assert "removed: " in said and "cookie" in said and "key" in said
    assert not [secret for secret in SECRETS.values() if secret in said]


@pytest.mark.parametrize("name", [name for name in SOUND if name != "curl"])
def test_no_text_is_left_without_content(name: str, tmp_path: Path) -> None:
    copy = redacted(SOUND[name](tmp_path), tmp_path / "safe", "--content")

    hearing = heard(copy)
    kept = [exchange for exchanges in hearing.sound.values() for exchange in exchanges]
    kept += [exchange for recording in hearing.runs for exchange in recording.exchanges]
    bodies = [text for e in kept for text in (e.request.body.decode(), e.answer.text)]
    assert len(bodies) == 2 * len(golden())
    assert [t for t in TEXTS for body in bodies if t in body.replace("get_weather", "")] == []


@pytest.mark.parametrize("content", [False, True], ids=["secrets", "secrets and texts"])
@pytest.mark.parametrize("name", list(SOUND))
def test_the_copy_is_judged_as_the_original(name: str, content: bool, tmp_path: Path) -> None:
    path = SOUND[name](tmp_path)
    copy = redacted(path, tmp_path / "safe", *(["--content"] if content else []))

    before, after = heard(path), heard(copy)
    assert (after.exchanges, after.unread) == (before.exchanges, [])
    kinds = {k: v for k, v in outcomes(before).items() if k not in PROBES_OF_TEXTS}
    assert kinds == {k: v for k, v in outcomes(after).items() if k not in PROBES_OF_TEXTS}


PROBES_OF_TEXTS = {"GW-SSE-005", "ANT-TOOL-001", "ANT-STR-034", "OAI-TOOL-008", "GW-PAR-005"}
"""Probes that look into the texts or hold arguments against a schema."""


def test_a_sound_body_without_secrets_keeps_its_bytes() -> None:
    body = of("openai-stream#1").answer.body

    assert Scrubber().data(body) == body


def test_a_broken_answer_stays_broken(tmp_path: Path) -> None:
    row = line(of("openai-stream#1"))
    row["response"]["body"] = row["response"]["body"].replace("data: [DONE]\n\n", "")
    path = write_lines(tmp_path / "x.jsonl", [row])

    copy = redacted(path, tmp_path / "safe", "--content")
    assert heard(copy).verdicts["OAI-SSE-007"].outcome is Outcome.FAIL


def test_the_same_secret_is_replaced_alike() -> None:
    scrubber = Scrubber()
    first, second = (scrubber.text(f"{n} {SECRETS['bearer']}")[2:] for n in "12")

    assert first == second == "REDACTED-1"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("msg_01XFDUDYJgAACzvnptvVoYEL", id="a message id"),
        pytest.param("chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT", id="a completion id"),
        pytest.param("toolu_01A09q90qw90lq917835lq9", id="a call id"),
        pytest.param("req_011CSHoEeqs5C35K2UUqR7Fy", id="a request id"),
        pytest.param("claude-sonnet-4-5-20250929", id="a model"),
        pytest.param("the 19th-century sk-learn risk-free task-12", id="words"),
        pytest.param("https://api.example/v1/messages?beta=true", id="a URL"),
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert Scrubber().text(text) == text


def test_what_cannot_be_read_whole_is_written_as_lines(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = loaded_har(tmp_path)
    path.write_bytes(path.read_bytes()[:-2000])

    assert main(["redact", str(path), "-o", str(tmp_path / "safe")]) == 4
    copy = tmp_path / "safe" / "traffic.jsonl"
    assert "entry 10" in capsys.readouterr().err
    assert heard(copy).exchanges == len(golden()) - 1
    after = copy.read_text(encoding="utf-8")
    assert [secret for secret in SECRETS.values() if secret in after] == []


def test_two_runs_keep_their_recordings_apart(tmp_path: Path) -> None:
    for name in ("one", "two"):
        shutil.copytree(GOLDEN, tmp_path / name)
    runs = [str(tmp_path / "one"), str(tmp_path / "two")]

    assert main(["redact", *runs, "-o", str(tmp_path / "safe")]) == 0
    assert heard(tmp_path / "safe" / "one", tmp_path / "safe" / "two").exchanges == 2 * len(
        golden()
    )


def test_a_body_that_nobody_can_read_does_not_leave() -> None:
    scrubber = Scrubber()

    assert b"sk-" not in scrubber.data(b"\xff\xfe sk-proj-Abc123_def456")
    assert scrubber.removed["unreadable body"] == 1


def test_a_copy_never_takes_the_place_of_its_original(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = lines_file(tmp_path)
    before = path.read_bytes()

    assert main(["redact", str(path), "-o", str(tmp_path)]) == 4
    assert path.read_bytes() == before
    assert "name another folder" in capsys.readouterr().err


def test_the_evidence_of_foreign_traffic_holds_no_secret(tmp_path: Path) -> None:
    assert main(["judge", str(loaded_lines(tmp_path)), "--report-dir", str(tmp_path / "run")]) in (
        0,
        1,
    )

    written = "".join(f.read_text(encoding="utf-8") for f in (tmp_path / "run").rglob("*.*"))
    assert [name for name, secret in SECRETS.items() if secret in written] == []
