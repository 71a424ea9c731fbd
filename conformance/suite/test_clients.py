"""Real clients at work through the gateway; `--include clients` asks for them."""

from __future__ import annotations

from collections.abc import Callable

from conformance.model import Verdict

AREA = "clients"


def test_requirement(verdict: Verdict, conclude: Callable[[Verdict], None]) -> None:
    """Holds, or says where it is broken."""
    conclude(verdict)
