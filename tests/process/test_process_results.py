"""What other tools read: JUnit and Allure results, keyed by requirement."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from process_gateway import Gateway
from process_run import Run, run
from process_servers import TOO_MANY, Behaviour, relay, serving

from conformance.catalogue import catalogue, source_url
from conformance.model import Level
from conformance.registry import requirements

_FAULTS = ("--fault=openai-stream-without-done", "--fault=openai-usage-total-mismatch")
_SELECTED = ("-k", "OAI-SSE or OAI-CHAT-01 or OAI-STREAM-008")


@pytest.fixture(scope="module", params=["0", "2"], ids=["alone", "with workers"])
def faulty(request, tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Path]:
    """A run with two failing requirements that writes both kinds of results."""
    place = tmp_path_factory.mktemp("results")
    found = run(
        place,
        *_FAULTS,
        *_SELECTED,
        *("-n", request.param),
        f"--junitxml={place / 'junit.xml'}",
        f"--alluredir={place / 'allure'}",
    )
    return found, place


@pytest.fixture(scope="module")
def again(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Allure results of the same selection, another time, of a healthy gateway."""
    place = tmp_path_factory.mktemp("again")
    run(place, *_SELECTED, f"--alluredir={place / 'allure'}")
    return place / "allure"


def test_test_cases_are_named_by_requirement(faulty: tuple[Run, Path]) -> None:
    found, place = faulty
    cases = _cases(place)
    assert sorted(str(case.get("name")) for case in cases) == sorted(found.outcomes)
    assert {case.get("classname") for case in cases} == {"conformance.openai"}


def test_junit_failures_are_the_failing_verdicts(faulty: tuple[Run, Path]) -> None:
    found, place = faulty
    failed = {case.get("name") for case in _cases(place) if case.find("failure") is not None}
    assert failed == found.failing == {"OAI-SSE-007", "OAI-CHAT-015"}


def test_a_junit_failure_says_what_was_expected_and_found(faulty: tuple[Run, Path]) -> None:
    texts = [failure.text or "" for case in _cases(faulty[1]) for failure in case.iter("failure")]
    for text in texts:
        assert "expected:" in text and "actual:" in text and "rule:" in text


def test_junit_skips_are_the_verdicts_not_run(faulty: tuple[Run, Path]) -> None:
    found, place = faulty
    skipped = {case.get("name") for case in _cases(place) if case.find("skipped") is not None}
    undecided = {"not_run", "not_applicable"}
    assert skipped == {id for id, outcome in found.outcomes.items() if outcome in undecided}


@pytest.mark.parametrize("workers", ["0", "2"])
def test_inconclusive_verdicts_are_junit_errors(
    tmp_path: Path, gateway: Gateway, workers: str
) -> None:
    with serving(_too_many_for_unknown_models(gateway)) as server:
        found = run(
            tmp_path,
            *(f"--base-url={server.url}", "-k", "OAI-HTTP-001 or OAI-VAL-007", "-n", workers),
            f"--junitxml={tmp_path / 'junit.xml'}",
            env=gateway.with_key,
        )
    wrong = {case.get("name") for case in _cases(tmp_path) if case.find("error") is not None}
    assert wrong == {id for id, outcome in found.outcomes.items() if outcome == "inconclusive"}
    assert wrong == {"OAI-VAL-007"} and found.status == 7


def test_allure_names_each_result_by_its_requirement(faulty: tuple[Run, Path]) -> None:
    found, place = faulty
    results = _results(place / "allure")
    assert {result["fullName"] for result in results} == set(found.outcomes)
    for result in results:
        title = requirements()[result["fullName"]].title
        assert result["name"] == f"{result['fullName']} {title}"


def test_allure_severity_is_the_level(faulty: tuple[Run, Path]) -> None:
    wanted = {Level.MUST: "critical", Level.SHOULD: "normal", Level.MAY: "minor"}
    for result in _results(faulty[1] / "allure"):
        severity = [lb["value"] for lb in result["labels"] if lb["name"] == "severity"]
        assert severity == [wanted[catalogue()[result["fullName"]].level("gateway")]]


def test_allure_links_to_the_source_of_the_rule(faulty: tuple[Run, Path]) -> None:
    for result in _results(faulty[1] / "allure"):
        source = source_url(catalogue()[result["fullName"]])
        found = [link["url"] for link in result.get("links", [])]
        assert found[:1] == ([source] if source else [])
    assert any(result.get("links") for result in _results(faulty[1] / "allure"))


def test_allure_keeps_a_history_whatever_the_run(faulty: tuple[Run, Path], again: Path) -> None:
    first, second = _histories(faulty[1] / "allure"), _histories(again)
    assert first == second
    assert len(set(first.values())) == len(first) > 2


def test_allure_statuses_are_those_of_the_verdicts(faulty: tuple[Run, Path]) -> None:
    found, place = faulty
    statuses = {"pass": "passed", "warn": "passed", "info": "passed", "fail": "failed"}
    for result in _results(place / "allure"):
        outcome = found.outcomes[result["fullName"]]
        assert result["status"] == statuses.get(outcome, "skipped")


def test_allure_describes_the_rule_and_not_the_test_function(faulty: tuple[Run, Path]) -> None:
    for result in _results(faulty[1] / "allure"):
        assert catalogue()[result["fullName"]].rule in result["description"]
        epics = [lb["value"] for lb in result["labels"] if lb["name"] == "epic"]
        assert epics == ["OpenAI chat completions"]


def test_allure_is_told_categories_environment_and_executor(faulty: tuple[Run, Path]) -> None:
    folder = faulty[1] / "allure"
    assert {row["name"] for row in json.loads((folder / "categories.json").read_text())}
    assert "Exit.status = 1\n" in (folder / "environment.properties").read_text()
    assert json.loads((folder / "executor.json").read_text())["name"]


def test_allure_failures_carry_their_evidence(faulty: tuple[Run, Path]) -> None:
    found, place = faulty
    for result in _results(place / "allure"):
        attached = [_attached(place / "allure" / a["source"]) for a in _attachments(result)]
        broken = {v.exchange for v in found.verdicts[result["fullName"]].violations}
        assert {exchange["id"] for exchange in attached} == broken
        assert all("response" in exchange for exchange in attached)


def _too_many_for_unknown_models(gateway: Gateway) -> Behaviour:
    passed_on = relay(gateway.base_url)
    return lambda request: (TOO_MANY if b"no-such-model" in request.body else passed_on)(request)


def _cases(place: Path) -> list[ET.Element]:
    return list(ET.parse(place / "junit.xml").iter("testcase"))


def _results(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) for path in sorted(folder.glob("*-result.json"))]


def _histories(folder: Path) -> dict[str, str]:
    return {result["fullName"]: result["historyId"] for result in _results(folder)}


def _attachments(result: dict[str, Any]) -> list[dict[str, Any]]:
    every = [a for step in result.get("steps", []) for a in step["attachments"]]
    return [a for a in every if a["type"] == "application/json"]


def _attached(path: Path) -> dict[str, Any]:
    found = json.loads(path.read_text())
    assert isinstance(found, dict)
    return found
