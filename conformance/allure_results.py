"""What Allure's pytest plugin writes down, made a result of the requirement.

The plugin's own words (node ids, fixtures, the name of the test function) say nothing to
a reader of the report: `report.case` replaces them just before a result is written.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import allure
import allure_commons
import pytest
from allure_commons.model2 import Label, Link, Parameter, StatusDetails

from conformance import verdicts
from conformance.errors import UnreadableFile
from conformance.model import Recording, Verdict
from conformance.registry import requirements
from conformance.report import allure_folder
from conformance.report.case import Case, case, evidence

_PLUGIN = "conformance-allure"
_ITEM = re.compile(r"test_requirement\[([A-Z0-9-]+)\]")
_KEPT = ("host", "thread", "framework", "language")


class KeyByRequirement:
    """Rewrites each result before Allure writes it; knows the verdicts of this process."""

    def __init__(self) -> None:
        self.verdicts: dict[str, Verdict] = {}

    @allure_commons.hookimpl(tryfirst=True)
    def report_result(self, result: Any) -> None:
        """A requirement keeps its history whatever file or machine it runs on."""
        found = _ITEM.search(result.name or "") or _ITEM.search(result.fullName or "")
        if found is None or found[1] not in requirements():
            return
        id = found[1]
        result.name = f"{id} {requirements()[id].title}"
        result.fullName = id
        result.testCaseId = result.historyId = allure_folder.key(id)
        if id in self.verdicts:
            _rewrite(result, case(self.verdicts[id]))


def _rewrite(result: Any, found: Case) -> None:
    """Everything that the verdict says of a result; its times and files are Allure's."""
    kept = [label for label in result.labels if label.name in _KEPT]
    result.labels = [*(Label(name, value) for name, value in found.labels), *kept]
    result.links = [Link(type, url, name) for type, url, name in found.links]
    result.parameters = [Parameter(name, value, excluded=True) for name, value in found.parameters]
    result.titlePath = [value for name, value in found.labels if name in ("epic", "feature")]
    result.description = found.description
    # pytest may be told to be stricter, but calls what could not be decided a failure.
    if result.status != "failed" or found.status == "broken":
        result.status = found.status
    if found.message:
        result.statusDetails = StatusDetails(message=found.message, trace=found.trace)
    if found.is_known or found.is_flaky:
        details = result.statusDetails or StatusDetails()
        details.known, details.flaky = found.is_known, found.is_flaky
        result.statusDetails = details


def key_by_requirement(config: pytest.Config) -> None:
    """Rewrite results where the user asked for Allure at all."""
    if getattr(config.option, "allure_report_dir", None):
        allure_commons.plugin_manager.register(KeyByRequirement(), _PLUGIN)


def describe(verdict: Verdict) -> None:
    """Keep the verdict on the current item for its result."""
    keeper = allure_commons.plugin_manager.get_plugin(_PLUGIN)
    if keeper is not None:
        keeper.verdicts[verdict.requirement] = verdict


def attach_evidence(verdict: Verdict, recordings: Mapping[str, Recording]) -> None:
    """Attach the exchanges that break the requirement, a step for each.

    To be called by the test itself: what a fixture attaches belongs to the fixture.
    """
    if allure_commons.plugin_manager.get_plugin(_PLUGIN) is None:
        return
    broken = {violation.exchange for violation in verdict.violations}
    for exchange in (e for recording in recordings.values() for e in recording.exchanges):
        if exchange.id in broken:
            with allure.step(exchange.id):
                for file in evidence(exchange):
                    allure.attach(file.text, file.name, file.media_type, file.extension)


def complete(config: pytest.Config, run: Path) -> None:
    """Write what stands beside the results: categories, environment, executor."""
    named = getattr(config.option, "allure_report_dir", None)
    if named:
        try:
            judged = verdicts.read(run)
        except UnreadableFile:
            return
        allure_folder.write_beside(Path(named), judged)
