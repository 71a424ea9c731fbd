"""What is published about the faults is what they declare."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from conformance import coverage
from conformance.__main__ import main
from conformance.catalogue import catalogue, kills
from conformance.registry import requirements
from reference_gateway.faults import FAULTS
from tests.faults.generated import FILES, ROOT


@pytest.mark.parametrize("name", FILES)
def test_a_generated_file_is_up_to_date(name: str) -> None:
    # Otherwise: python -m tests.faults.generated
    assert (ROOT / name).read_text(encoding="utf-8") == FILES[name]()


def test_every_fault_is_among_the_kills() -> None:
    assert set(kills()) <= set(catalogue())
    assert {slug for slugs in kills().values() for slug in slugs} == {
        slug for slug, fault in FAULTS.items() if fault.kills
    }


def test_the_page_has_a_row_for_every_id() -> None:
    rows = [
        line for line in coverage.page().splitlines() if line.startswith(("| ANT", "| OAI", "| GW"))
    ]

    assert [row.split(" | ")[0].removeprefix("| ") for row in rows] == list(catalogue())
    # Six cells, however many bars a rule quotes.
    assert {row.replace("\\|", "").count("|") for row in rows} == {7}


def test_the_list_says_what_proves_a_requirement(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "--json"]) == 0
    listed = {row["id"]: row for row in json.loads(capsys.readouterr().out)}

    assert sorted(listed) == sorted(requirements())
    found = listed["ANT-STR-028"]
    assert found["level"]["gateway"] == "must" and found["source"].startswith("https://")
    assert "anthropic-stream" in found["scenarios"] and found["faults"]
    assert set(found["faults"]) <= set(FAULTS)


def test_the_list_for_people_has_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    lines = capsys.readouterr().out.splitlines()

    assert len(lines) == 4 * len(requirements())
    assert sum(line.startswith(("ANT-", "OAI-", "GW-")) for line in lines) == len(requirements())


def test_the_list_needs_no_reference_gateway() -> None:
    code = (
        "import sys; sys.modules['reference_gateway'] = None;"
        "from conformance.__main__ import main; sys.exit(main(['list', '--markdown']))"
    )

    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
