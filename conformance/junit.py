"""JUnit results are keyed by requirement id, because node ids change with the machine."""

from __future__ import annotations

import pytest

# The only way to name a test case under xdist: the public fixture works in the worker,
# which has no JUnit file.
from _pytest.junitxml import xml_key

from conformance.registry import requirements


def rename(config: pytest.Config, report: pytest.TestReport, id: str) -> None:
    """Give the test case of a report the name of its requirement."""
    xml = config.stash.get(xml_key, None)
    if xml is not None and report.when == "setup":
        case = xml.node_reporter(report)
        case.add_attribute("classname", f"conformance.{requirements()[id].area}")
        case.add_attribute("name", id)
