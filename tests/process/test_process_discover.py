"""`gateway-conformance discover` against the embedded gateway, whole and limited."""

from __future__ import annotations

import subprocess
import sys
import tomllib

import pytest

from conformance.profile import load


def discovered(*arguments: str) -> tuple[set[str], str]:
    """The capabilities that are printed, and what stderr says beside them."""
    done = subprocess.run(
        [sys.executable, "-m", "conformance", "discover", *arguments],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return set(tomllib.loads(done.stdout)["capabilities"]), done.stderr


def test_the_reference_gateway_is_capable_of_all_that_it_claims() -> None:
    found, said = discovered()
    assert (found, said) == (set(load("reference").capabilities), "")


@pytest.mark.parametrize(
    ("fault", "lacking"),
    [
        ("anthropic-thinking-refused", "thinking_enabled"),
        ("anthropic-webp-refused", "vision"),
        ("anthropic-service-tier-refused", "service_tier"),
    ],
)
def test_what_a_limited_gateway_refuses_is_left_out_and_quoted(fault: str, lacking: str) -> None:
    found, said = discovered("--protocol", "anthropic", "--fault", fault)
    assert lacking not in found
    assert said.startswith(f"not {lacking}: ") and "400" in said
    assert "tools" in found


def test_the_option_tells_the_same() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--discover", "--protocol=anthropic"],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert set(tomllib.loads(done.stdout)["capabilities"]) == discovered("--protocol=anthropic")[0]
