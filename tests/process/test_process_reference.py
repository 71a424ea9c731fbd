"""`--reference-url`: the same scenarios at the provider tell whose fault a failure is."""

from __future__ import annotations

from pathlib import Path

import pytest
from process_gateway import Gateway, started
from process_secrets import CANARY, leaks
from process_servers import always, serving

_BOTH = "openai-created-milliseconds"
_GATEWAY = "openai-stream-without-done"
_WORDS = ("-k", "OAI-SSE-007 or OAI-CHAT-003 or OAI-CHAT-001")


@pytest.fixture(scope="module")
def provider():
    with started(_BOTH) as running:
        yield running


@pytest.fixture(scope="module")
def faulty():
    with started(_BOTH, _GATEWAY) as running:
        yield running


def _flags(found) -> dict[str, tuple[str, ...]]:
    return {verdict.requirement: verdict.flags for verdict in found.judged.verdicts}


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "workers"])
def test_what_only_the_gateway_breaks_is_told_apart(
    suite, faulty: Gateway, provider: Gateway, workers: tuple[str, ...]
) -> None:
    found = suite(
        *(f"--base-url={faulty.base_url}", f"--reference-url={provider.base_url}"),
        *(*_WORDS, *workers),
        env={"GATEWAY_API_KEY": faulty.key, "GATEWAY_REFERENCE_KEY": provider.key},
    )
    assert found.status == 1
    assert _flags(found) == {
        "OAI-CHAT-001": ("direct:pass",),
        "OAI-CHAT-003": ("direct:fail",),
        "OAI-SSE-007": ("direct:pass",),
    }
    assert found.line("gateway only").split() == ["OAI-SSE-007", "pass", "fail", "gateway", "only"]
    assert found.line("fails on both").split()[:3] == ["OAI-CHAT-003", "fail", "fail"]
    page = (found.folder / "report.html").read_text(encoding="utf-8")
    assert "gateway only" in page and "fails on both" in page and provider.base_url in page


def test_the_gateways_key_never_goes_to_the_provider(
    suite, faulty: Gateway, provider: Gateway
) -> None:
    found = suite(
        *(f"--base-url={faulty.base_url}", f"--reference-url={provider.base_url}", *_WORDS),
        env={"GATEWAY_API_KEY": faulty.key},
    )
    assert found.status == 4
    assert "set GATEWAY_REFERENCE_KEY" in found.output


def test_a_provider_that_is_not_there_ends_the_run_before_the_gateway_is_asked(
    suite, gateway: Gateway
) -> None:
    before = gateway.requests
    found = suite(
        *(f"--base-url={gateway.base_url}", "--reference-url=http://127.0.0.1:9", *_WORDS),
        env={**gateway.with_key, "GATEWAY_REFERENCE_KEY": "th-none"},
    )
    assert found.status == 6
    assert "at --reference-url: http://127.0.0.1:9 refused the connection" in found.output
    assert gateway.requests == before


def test_the_secrets_of_both_are_kept_out_of_both_recordings(
    suite, tmp_path: Path, provider: Gateway
) -> None:
    own = tmp_path / "own.toml"
    own.write_text("[headers]\nx-pass = 'env:PROVIDER_PASS'")
    gossip = always("200 OK", "application/json", f'{{"said": "{provider.key} {CANARY}"}}')
    with serving(gossip) as server:
        found = suite(
            *(f"--base-url={server.url}", f"--reference-url={provider.base_url}"),
            *(f"--reference-profile={own}", *_WORDS),
            env={
                "GATEWAY_API_KEY": "th-0123456789abcdefghij",
                "GATEWAY_REFERENCE_KEY": provider.key,
                "PROVIDER_PASS": CANARY,
            },
        )
    assert found.status == 1
    assert not leaks(provider.key, found.folder, found.output)
    assert not leaks(CANARY, found.folder, found.output)
    gateways = "".join(p.read_text() for p in (found.folder / "recordings").iterdir())
    assert "[key:provider:whole] [key:provider:whole]" in gateways
    of_provider = found.folder / "direct" / "recordings"
    assert "[key:header:whole]" in "".join(p.read_text() for p in of_provider.iterdir())
