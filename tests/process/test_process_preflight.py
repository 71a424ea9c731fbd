"""Where nothing can be judged, the run says why in one line and exits 6."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from process_gateway import Gateway
from process_run import Run
from process_servers import (
    NOTHING_OF_A_GATEWAY,
    Request,
    always,
    hang,
    refusing,
    relay,
    serving,
)

_SMALL = ("-k", "OAI-HTTP-001 or ANT-EP-001")
_KEY = {"GATEWAY_API_KEY": "th-0123456789abcdef0123456789abcdef"}
_WORKERS = pytest.mark.parametrize("workers", ["0", "2"], ids=["alone", "with workers"])


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    """What a test starts is ended with it."""
    with ExitStack() as found:
        yield found


def _says(found: Run, cause: str, words: str) -> str:
    """The line that says why, after a look at everything else that a failed preflight owes."""
    assert found.status == 6 and not found.broke_down, found.output
    line = found.line(f"preflight ({cause}): ")
    assert re.search(words, line), line
    judged = found.judged
    assert judged.footer["exit_status"] == 6 and not judged.verdicts
    assert judged.preflight["failure"]["cause"] == cause
    assert re.search(words, "{found}; {fix}".format(**judged.preflight["failure"]))
    report = html.unescape((found.folder / "report.html").read_text())
    assert judged.preflight["failure"]["fix"] in report
    return line


@_WORKERS
def test_a_name_that_does_not_resolve(suite, workers: str) -> None:
    found = suite("--base-url=https://nosuch.invalid", *_SMALL, "-n", workers, env=_KEY)
    _says(found, "target", "the name nosuch.invalid does not resolve; check the host")


@_WORKERS
def test_a_refused_connection(suite, stack: ExitStack, workers: str) -> None:
    url = stack.enter_context(refusing())
    found = suite(f"--base-url={url}", *_SMALL, "-n", workers, env=_KEY)
    _says(found, "target", f"{url} refused the connection; ")


def test_tls_with_a_port_that_speaks_plain_http(suite, gateway: Gateway) -> None:
    url = gateway.base_url.replace("http://", "https://")
    found = suite(f"--base-url={url}", *_SMALL, env=gateway.with_key)
    _says(found, "target", f"TLS with {url} failed .*; check scheme")


@pytest.mark.parametrize("name", ["200 HTML", "404 HTML"])
def test_html_everywhere(suite, stack: ExitStack, name: str) -> None:
    server = stack.enter_context(serving(NOTHING_OF_A_GATEWAY[name]))
    found = suite(f"--base-url={server.url}", *_SMALL, env=_KEY)
    _says(found, "target", f"HTML everywhere at {server.url}; check --base-url")


def test_a_server_that_never_answers(suite, stack: ExitStack) -> None:
    server = stack.enter_context(serving(hang))
    found = suite(f"--base-url={server.url}", "--timeout-s=0.2", *_SMALL, env=_KEY)
    _says(found, "target", f"{server.url} accepts connections, but sent no .* within 0.2 s; ")


def test_a_server_that_resets_connections(suite, stack: ExitStack) -> None:
    server = stack.enter_context(serving(NOTHING_OF_A_GATEWAY["reset"]))
    found = suite(f"--base-url={server.url}/v1", *_SMALL, env=_KEY)
    _says(found, "target", f"{server.url} closed the connection unanswered; ")


@pytest.mark.parametrize(
    ("path", "works"),
    [
        ("/v1/v1", "/v1"),
        ("/api/v1/v1", "/api/v1"),
        ("/api/api", "/api/v1"),
        ("/nothing-here", "/v1"),
        ("/nothing-here/v1", "/v1"),
        ("/v1/chat/completions", "/v1"),
        ("/api/v1/messages", "/api/v1"),
        ("/v1/models", "/v1"),
    ],
)
def test_a_wrong_path_is_answered_with_the_one_that_works(
    suite, gateway: Gateway, path: str, works: str
) -> None:
    url = gateway.base_url
    found = suite(f"--base-url={url}{path}", *_SMALL, env=gateway.with_key)
    _says(found, "target", f"no endpoint at {url}{path}; use --base-url={url}{works}( |$)")


@_WORKERS
def test_a_wrong_path_with_workers_too(suite, gateway: Gateway, workers: str) -> None:
    url = gateway.base_url
    found = suite(f"--base-url={url}/v1/v1", *_SMALL, "-n", workers, env=gateway.with_key)
    _says(found, "target", f"use --base-url={url}/v1( |$)")


@_WORKERS
def test_a_missing_key(suite, gateway: Gateway, workers: str) -> None:
    before = gateway.requests
    found = suite(f"--base-url={gateway.base_url}", *_SMALL, "-n", workers)
    _says(found, "configuration", "no key for this target; set GATEWAY_API_KEY, or .*-key-file")
    assert gateway.requests == before


@_WORKERS
def test_a_key_that_is_refused_in_every_style(suite, gateway: Gateway, workers: str) -> None:
    found = suite(f"--base-url={gateway.base_url}", *_SMALL, "-n", workers, env=_KEY)
    _says(found, "configuration", "the key was refused in every credential style at .*; check that")


def test_a_spent_key(suite, gateway: Gateway) -> None:
    spent = {"GATEWAY_API_KEY": gateway.new_key(cap_nanousd=0)}
    found = suite(f"--base-url={gateway.base_url}", *_SMALL, env=spent)
    _says(found, "configuration", "the key was refused with 402 at .*; top up the account")


def test_a_model_that_is_not_usable(suite, gateway: Gateway) -> None:
    options = (f"--base-url={gateway.base_url}", "--model=nope", *_SMALL)
    found = suite(*options, env=gateway.with_key)
    _says(found, "configuration", "no usable model: .* refused nope; name one with --model")


def test_a_protocol_whose_models_are_not_known_is_left_out(
    suite, stack: ExitStack, gateway: Gateway
) -> None:
    passed_on = relay(gateway.base_url)
    refused = always("404 Not Found", "application/json", '{"error": {"message": "no such model"}}')

    def chat_only(request: Request) -> None:
        (refused if request.target.endswith("/messages") else passed_on)(request)

    server = stack.enter_context(serving(chat_only))
    wanted = ("-k", "ANT-EP-001 or ANT-TOOL-001 or OAI-HTTP-001")
    found = suite(f"--base-url={server.url}", *wanted, env=gateway.with_key)
    assert found.status == 0
    assert found.outcomes == {
        "ANT-EP-001": "not_run",
        "ANT-TOOL-001": "not_run",
        "OAI-HTTP-001": "pass",
    }
    assert "name one with --model-anthropic" in found.line("warning: ")


def test_a_failed_preflight_judges_nothing_and_adds_up_nothing(suite, stack: ExitStack) -> None:
    url = stack.enter_context(refusing())
    found = suite(f"--base-url={url}", env=_KEY)
    assert found.status == 6
    assert sum(found.judged.footer["counts"].values()) == 0
    assert "passed" not in found.output and "failed" not in found.output
