"""The examples of `docs/providers.md`, run as they stand, with the lab in the providers' place."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from process_gateway import Gateway, started
from process_run import ROOT, environment

_PAGE = (ROOT / "docs" / "providers.md").read_text(encoding="utf-8")
_CONFIGS = re.findall(r"^```toml\n(.*?)^```", _PAGE, re.M | re.S)
_START, _ASK = re.findall(r"^```console\n(.*?)^```", _PAGE, re.M | re.S)
_PLACES = {
    "https://api.anthropic.com": "vendor",
    "https://llm.example/v1": "spare/v1",
    "http://127.0.0.1:8000/v1": "near/v1",
}
"""The addresses on the page, and what stands for them at the lab."""


@dataclass(frozen=True)
class Lab:
    """A running lab, all of whose requests are without a script."""

    url: str
    token: str
    key: str

    @property
    def received(self) -> list[tuple[str, Mapping[str, str], int]]:
        """What came by now: the provider, the header fields, the status of the answer."""
        bearer = {"authorization": f"Bearer {self.token}"}
        said = httpx.get(f"{self.url}/lab/requests?since=0", headers=bearer, trust_env=False).json()
        return [
            (
                one["provider"],
                {name.lower(): value for name, value in one["headers"]},
                one["answer"]["status"],
            )
            for one in said["requests"]
        ]


@pytest.fixture
def lab() -> Iterator[Lab]:
    """The lab as its page starts it, on a port of its own."""
    command = [sys.executable, "-m", "reference_gateway.lab", "--exit-with-stdin"]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, env=environment(), **pipes) as process:
        try:
            assert process.stdout is not None
            said = json.loads(process.stdout.readline())
            yield Lab(said["url"], said["token"], said["key"])
        finally:
            process.kill()


@contextmanager
def before(lab: Lab, config: str, place: Path) -> Iterator[Gateway]:
    """The gateway that the page starts with a configuration of the page."""
    for url, stands_for_it in _PLACES.items():
        config = config.replace(f'"{url}"', f'"{lab.url}/{stands_for_it}"')
    assert "https:" not in config
    export, start = (shlex.split(line.removeprefix("$ ")) for line in _START.splitlines())
    (place / start[start.index("--config") + 1]).write_text(config, encoding="utf-8")
    keys = {word.partition("=")[0]: lab.key for word in export[1:]}
    arguments = ("--config", str(place / start[start.index("--config") + 1]))
    with started(arguments=arguments, env=keys) as gateway:
        yield gateway


def asked(gateway: Gateway) -> list[httpx.Response]:
    """What the page's curl commands are answered, which a shell takes apart."""
    script = f"curl() {{ printf '%s\\0' \"$@\"; printf '\\1'; }}\n{_ASK.replace('$ curl', 'curl')}"
    ran = subprocess.run(
        ["sh", "-c", script], env={"KEY": gateway.key}, capture_output=True, text=True, check=True
    )
    return [_sent(words.split("\0")[:-1], gateway) for words in ran.stdout.split("\1")[:-1]]


def _sent(words: list[str], gateway: Gateway) -> httpx.Response:
    url, header_flag, header, data_flag, data = words
    assert (header_flag, data_flag) == ("-H", "-d") and url.startswith("http://127.0.0.1:4000/")
    name, _, value = header.partition(": ")
    url = gateway.base_url + url.removeprefix("http://127.0.0.1:4000")
    # curl's own content type for data, which is not the one that is meant.
    headers = {name: value, "content-type": "application/x-www-form-urlencoded"}
    return httpx.post(url, content=data.encode(), headers=headers, trust_env=False, timeout=20)


def test_the_first_example_asks_the_vendor_in_either_protocol(lab: Lab, tmp_path: Path) -> None:
    with before(lab, _CONFIGS[0], tmp_path) as gateway:
        completion, message = asked(gateway)

    assert (completion.status_code, message.status_code) == (200, 200)
    assert completion.json()["model"] == "small" and completion.json()["choices"]
    assert message.json()["model"] == "small" and message.json()["content"]
    assert [(name, fields["x-api-key"], status) for name, fields, status in lab.received] == [
        ("vendor", lab.key, 200),
        ("vendor", lab.key, 200),
    ]


def test_the_first_example_asks_the_spare_one_where_the_vendor_fails(
    lab: Lab, tmp_path: Path
) -> None:
    # A key that the lab does not know is what a vendor's outage looks like.
    config = _CONFIGS[0].replace('"env:VENDOR_KEY"', '"env:WRONG"', 1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WRONG", "another")
        with before(lab, config, tmp_path) as gateway:
            assert [answer.status_code for answer in asked(gateway)] == [200, 200]

    assert [(name, status) for name, _, status in lab.received] == [
        *(("vendor", 401), ("spare", 200)),
        *(("vendor", 401), ("spare", 200)),
    ]


def test_the_second_example_rests_what_fails_and_answers_all_the_same(
    lab: Lab, tmp_path: Path
) -> None:
    with before(lab, _CONFIGS[1], tmp_path) as gateway:
        bearer = {"authorization": f"Bearer {gateway.key}"}
        body = {"model": "local", "messages": [{"role": "user", "content": "Say hello."}]}
        answers = [
            httpx.post(
                f"{gateway.base_url}/v1/chat/completions",
                json=body,
                headers=bearer,
                trust_env=False,
            )
            for _ in range(3)
        ]

    assert [answer.status_code for answer in answers] == [200] * 3
    # The lab wants a key, and this provider has none; after two failures it is left alone.
    assert [(name, status) for name, _, status in lab.received] == [("near", 401)] * 2
    assert not any("authorization" in fields for _, fields, _ in lab.received)
