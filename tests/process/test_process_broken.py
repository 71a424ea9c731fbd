"""Servers that are no gateway, gateways that die, and gateways that are half broken."""

from __future__ import annotations

import pytest
from process_gateway import Gateway, started
from process_run import Run
from process_servers import NOTHING_OF_A_GATEWAY, relay, serving

from conformance import archive
from conformance.model import Level

# Of more than 400. A refusal that says nothing can be right: a 401 for a wrong key, say.
_MOST = 16
_KEY = {"GATEWAY_API_KEY": "th-0123456789abcdef0123456789abcdef"}
_PLAIN = ("ANT-EP-", "ANT-MSG-", "ANT-BLK-", "ANT-USE-", "OAI-CHAT-", "OAI-HTTP-001")
# About status and headers, and about errors under a wrong one; the body is not theirs.
_OF_THE_STATUS = {"ANT-EP-001", "ANT-EP-010", "OAI-HTTP-001", "ANT-MSG-015", "OAI-CHAT-018"}


@pytest.fixture(scope="module", params=NOTHING_OF_A_GATEWAY)
def nothing(request, suite) -> Run:
    """The whole suite against a server that is no gateway."""
    with serving(NOTHING_OF_A_GATEWAY[request.param]) as server:
        return suite(f"--base-url={server.url}", "--timeout-s=0.3", env=_KEY)


def test_what_is_no_gateway_is_never_green(nothing: Run) -> None:
    assert nothing.status in (1, 6, 7) and not nothing.broke_down
    assert nothing.judged.footer["exit_status"] == nothing.status


def test_what_is_no_gateway_passes_next_to_nothing(nothing: Run) -> None:
    passing = [id for id, outcome in nothing.outcomes.items() if outcome == "pass"]
    assert len(passing) <= _MOST, passing


def test_what_is_no_gateway_passes_no_must_of_the_plain_answer(nothing: Run) -> None:
    passing = [
        id
        for id, verdict in nothing.verdicts.items()
        if verdict.outcome == "pass" and verdict.level is Level.MUST and id.startswith(_PLAIN)
    ]
    assert set(passing) <= _OF_THE_STATUS


@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_gateway_that_dies_leaves_what_was_recorded(
    suite, gateway: Gateway, workers: str
) -> None:
    with serving(relay(gateway.base_url, most=20)) as server:
        found = suite(f"--base-url={server.url}", "-n", workers, env=gateway.with_key)
    assert found.status != 0 and not found.broke_down
    assert found.judged.is_truncated
    kept = archive.read_all(found.folder / "recordings")
    answered = [r for r in kept.values() if r.exchanges and r.last.response]
    assert 5 <= len(answered) <= 20
    assert "stopped answering" in found.judged.preflight["lost"]
    assert found.line("warning: the target stopped answering")
    assert "Truncated" in (found.folder / "report.html").read_text()


@pytest.mark.parametrize(
    ("fault", "broken", "sound"),
    [
        ("anthropic-500", "anthropic", "openai"),
        ("openai-500", "openai", "anthropic"),
    ],
)
def test_one_broken_protocol_leaves_the_other_to_be_judged(
    suite, fault: str, broken: str, sound: str
) -> None:
    root = {"anthropic": "ANT-EP-001", "openai": "OAI-HTTP-001"}
    with started(fault) as wrong:
        found = suite(f"--base-url={wrong.base_url}", "--profile=reference", env=wrong.with_control)
    assert found.status == 1
    assert root[broken] in found.failing
    assert found.outcomes[root[sound]] == "pass"
    area = {"anthropic": "ANT-", "openai": "OAI-"}[sound]
    assert not [id for id in found.failing if id.startswith(area)]
    assert len([id for id in found.verdicts if found.outcomes[id] == "pass"]) > 50
    assert found.line("warning: ")


def test_what_builds_on_a_broken_endpoint_is_blocked_by_it(suite) -> None:
    found = suite("--fault=openai-500", "-k", "OAI-CHAT")
    assert found.status == 7
    reasons = {verdict.reason for verdict in found.verdicts.values()}
    assert reasons == {"blocked by OAI-HTTP-001"}
