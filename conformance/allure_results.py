"""Allure results: keyed by requirement id, with severity, source and evidence."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import allure
import allure_commons
import pytest
from allure_commons.utils import md5

from conformance import archive
from conformance.catalogue import catalogue, source_url
from conformance.model import Level, Recording, Verdict
from conformance.registry import requirements

_SEVERITY = {
    Level.MUST: allure.severity_level.CRITICAL,
    Level.SHOULD: allure.severity_level.NORMAL,
    Level.MAY: allure.severity_level.MINOR,
}
_ITEM = re.compile(r"test_requirement\[([A-Z0-9-]+)\]")


class KeyByRequirement:
    """Renames each result before Allure writes it down."""

    @allure_commons.hookimpl(tryfirst=True)
    def report_result(self, result: Any) -> None:
        """A requirement keeps its history whatever file or machine it runs on."""
        found = _ITEM.search(result.name or "") or _ITEM.search(result.fullName or "")
        if found and found[1] in requirements():
            id = found[1]
            result.name = f"{id} {requirements()[id].title}"
            result.fullName = id
            result.testCaseId = result.historyId = md5(id)


def key_by_requirement(config: pytest.Config) -> None:
    """Rename results where the user asked for Allure at all."""
    if getattr(config.option, "allure_report_dir", None):
        allure_commons.plugin_manager.register(KeyByRequirement(), "conformance-allure")


def describe(verdict: Verdict) -> None:
    """Label the current Allure result."""
    entry = catalogue()[verdict.requirement]
    allure.dynamic.severity(_SEVERITY[verdict.level])
    allure.dynamic.description(entry.rule)
    if source_url(entry):
        allure.dynamic.link(source_url(entry), name=verdict.requirement)


def attach_evidence(verdict: Verdict, recordings: Mapping[str, Recording]) -> None:
    """Attach the exchanges that break the requirement.

    To be called by the test itself: what a fixture attaches belongs to the fixture.
    """
    broken = {violation.exchange for violation in verdict.violations}
    for recording in recordings.values():
        for exchange in recording.exchanges:
            if exchange.id in broken:
                text = json.dumps(archive.exchange_to_json(exchange), ensure_ascii=False, indent=1)
                allure.attach(text, exchange.id, allure.attachment_type.JSON)
