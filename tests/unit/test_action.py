"""The GitHub Action: inputs and keys never reach a shell as text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

ACTION = yaml.safe_load((Path(__file__).parents[2] / "action.yml").read_text(encoding="utf-8"))
STEPS: list[dict[str, Any]] = ACTION["runs"]["steps"]
SCRIPTS = {step["name"]: step["run"] for step in STEPS if "run" in step}


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
def test_a_script_holds_no_expression(script: str) -> None:
    assert "${{" not in script and "eval" not in script


def test_no_key_is_an_input() -> None:
    named = {*ACTION["inputs"], *(name for step in STEPS for name in step.get("env", {}))}
    assert not [name for name in named if "key" in name.lower() or "secret" in name.lower()]


def test_every_input_is_used_and_explained() -> None:
    text = str(STEPS)
    for name, about in ACTION["inputs"].items():
        assert f"inputs.{name}" in text and about["description"]


def test_the_report_is_kept_even_where_the_gateway_fails() -> None:
    kept = [step for step in STEPS if "upload-artifact" in step.get("uses", "")]
    assert [step["if"] for step in kept] == ["${{ always() }}"]
