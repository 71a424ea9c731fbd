"""`--setup-help` says what is missing and sends nothing."""

from __future__ import annotations

import pytest
from process_gateway import Gateway


def test_setup_help_sends_nothing(suite, gateway: Gateway) -> None:
    before = gateway.requests
    found = suite("--setup-help", f"--base-url={gateway.base_url}", env=gateway.with_key)

    assert found.status == 0 and gateway.requests == before and not found.folder.exists()
    assert "to be judged in full it still needs" in found.output
    assert "set GATEWAY_CAPPED_KEY" in found.output


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(("--include", "everything"), id="an unknown area"),
        pytest.param(("--include", ","), id="no area"),
        pytest.param(("--seed", "many"), id="a seed that is no number"),
    ],
)
def test_a_wrong_option_is_wrong_usage(suite, arguments: tuple[str, ...]) -> None:
    assert suite(*arguments, "--collect-only", "-q").status == 4
