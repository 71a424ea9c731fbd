"""The requirements of the OpenAI-compatible page."""

from __future__ import annotations

from collections.abc import Callable

from conformance.model import Verdict

AREA = "openai"


def test_requirement(verdict: Verdict, conclude: Callable[[Verdict], None]) -> None:
    """Holds, or says where it is broken."""
    conclude(verdict)
